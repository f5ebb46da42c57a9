package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"mailtls/harness"
	"mailtls/results/certificate"
)

// passwordVariable of the environment has the password of an encrypted key.
const passwordVariable = "MAILTLS_KEY_PASSWORD"

// certifyFlags are what the user asked for.
type certifyFlags struct {
	runFlags
	subject, key, newKey string
	profiles             []string
	example              bool
}

func newCertify() *cobra.Command {
	var f certifyFlags
	cmd := &cobra.Command{
		Use:   "certify --target NAME[/VARIANT] --profile NAME --subject FILE --key FILE --out DIR",
		Short: "Play every case against a target and sign what was found",
		Long: "certify runs all cases of the profiles' roles, leaves none out, waives none, and writes a folder that others can verify: the\n" +
			"report, every transcript, the subject, certificate.json with a digest of each file, certificate.txt for people, and a\n" +
			"signature by minisign (Ed25519). A program built from changed sources makes none.\n\n" +
			"The key is one of minisign's, or made with --new-key; the password of an encrypted one comes from " + passwordVariable + "\n" +
			"or is asked for.\n\n" +
			"Exit codes: 0 every profile succeeded, 1 one failed, 2 one could not be told in full, or no certificate was made.",
		Example: "  mailtls certify --example-subject > subject.yaml\n  mailtls certify --new-key lab.key\n" +
			"  mailtls certify --target reference --profile receiver-core,receiver-modern --subject subject.yaml --key lab.key --out certificate\n" +
			"  mailtls certify --target remote --smtp 192.0.2.25:25 --claims mine.yaml --authorized --intrusive --profile receiver-core \\\n" +
			"    --subject subject.yaml --key lab.key --out certificate",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case f.example:
				say(cmd.OutOrStdout(), "%s", certificate.ExampleSubject())
				return nil
			case f.newKey != "":
				return makeKey(cmd, f.newKey)
			}
			return certify(cmd, f)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.target, "target", "", "target, or a folder with a target.yaml; with a variant behind a slash (see mailtls list targets)")
	fl.StringVar(&f.role, "role", "", "roles to play, joined by commas (default: those of the profiles)")
	fl.StringSliceVar(&f.profiles, "profile", nil, "what to certify for (see mailtls list profiles)")
	fl.StringVar(&f.subject, "subject", "", "file that says what the product is")
	fl.StringVar(&f.key, "key", "", "file with the secret key that signs")
	fl.StringVar(&f.out, "out", "", "folder for the certificate")
	fl.IntVar(&f.parallel, "parallel", harness.DefaultParallel, "cases played at once")
	fl.BoolVar(&f.verbose, "verbose", false, "show what the target prints")
	fl.BoolVar(&f.authorized, "authorized", false, "you may test an address beyond this machine and private networks")
	fl.BoolVar(&f.intrusive, "intrusive", false, "with --authorized: play the cases that burden or abuse the target, as a certificate asks for")
	fl.BoolVar(&f.oneByOne, "one-by-one", false, "remote target, role sender: the wiring must be one whose cases are played one after the other")
	fl.BoolVar(&f.example, "example-subject", false, "print a subject to begin with, and nothing else")
	fl.StringVar(&f.newKey, "new-key", "", "make a key in this file, and its public one beside it, and nothing else")
	f.remote.add(fl)
	return cmd
}

// makeKey makes a key, encrypted where a password is set.
func makeKey(cmd *cobra.Command, file string) error {
	public, err := certificate.NewKey(file, os.Getenv(passwordVariable))
	if err != nil {
		return err
	}
	say(cmd.OutOrStdout(), "secret key  %s (keep it to yourself)\npublic key  %s.pub\n            %s\n", file, file, public)
	return nil
}

// password is that of an encrypted key.
func password() (string, error) {
	if p, set := os.LookupEnv(passwordVariable); set {
		return p, nil
	}
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return "", errors.New("it is encrypted: put its password into " + passwordVariable)
	}
	say(os.Stderr, "password of the key: ")
	word, err := term.ReadPassword(int(os.Stdin.Fd()))
	say(os.Stderr, "\n")
	if err != nil {
		return "", fmt.Errorf("ask for the password: %w", err)
	}
	return string(word), nil
}

// certification turns the flags into one.
func (f certifyFlags) certification() (harness.Certification, error) {
	var c harness.Certification
	for _, must := range []struct{ name, value string }{
		{"target", f.target}, {"profile", strings.Join(f.profiles, "")}, {"subject", f.subject}, {"key", f.key}, {"out", f.out},
	} {
		if must.value == "" {
			return c, fmt.Errorf("read flags: --%s is missing", must.name)
		}
	}
	var err error
	if c.Profiles, err = certificate.FindProfiles(f.profiles); err != nil {
		return c, err
	}
	c.Build, c.SubjectName, c.Now = build(), f.subject, time.Now
	if err := c.Build.Check(); err != nil {
		return c, fmt.Errorf("%w: %w", certificate.ErrNone, err)
	}
	if c.Subject, err = os.ReadFile(f.subject); err != nil {
		return c, fmt.Errorf("read subject: %w", err)
	}
	if c.Run, err = f.options(); err != nil {
		return c, err
	}
	if c.Run.NoIntrusive {
		return c, errors.New("a certificate leaves no case out: give --intrusive, or test the target on a private network")
	}
	c.Key, err = certificate.ReadKey(f.key, password)
	return c, err
}

func certify(cmd *cobra.Command, f certifyFlags) error {
	c, err := f.certification()
	if err != nil {
		return err
	}
	if f.verbose {
		c.Run.Log = cmd.ErrOrStderr()
	}
	if err := f.announce(cmd.ErrOrStderr(), c.Run); err != nil {
		return err
	}
	meter := newProgress(cmd.ErrOrStderr(), c.Run.Target.Spec().Name)
	c.Run.Progress = meter.show
	made, err := harness.Certify(cmd.Context(), c)
	meter.done()
	if err != nil {
		return err
	}
	if err := certificate.WriteText(cmd.OutOrStdout(), made); err != nil {
		return err
	}
	say(cmd.OutOrStdout(), "\n%s holds it, signed by key %s\n", f.out, c.Key.Public().ID())
	return exit(certificateCode(made))
}

// certificateCode is the exit code that the results of the profiles ask for.
func certificateCode(c *certificate.Certificate) int {
	code := exitOK
	for _, a := range c.Profiles {
		switch a.Result {
		case certificate.Success:
		case certificate.Partial:
			if code == exitOK {
				code = exitFault
			}
		case certificate.Failed:
			code = exitFailed
		}
	}
	return code
}
