package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"mailtls/harness"
	"mailtls/results/certificate"
)

func newVerifyCertificate() *cobra.Command {
	var pubkey string
	var wanted []string
	cmd := &cobra.Command{
		Use:   "verify-certificate DIR --pubkey FILE|KEY",
		Short: "Check a certificate: signature, digests, and all verdicts anew",
		Long: "verify-certificate checks the signature, that each file is as it was signed and none is missing or too many, that every case\n" +
			"of the catalogue is there, and judges all transcripts again: what the certificate says has to follow from them. It needs no\n" +
			"network. The public key is to come from whoever signed, and not with the folder.\n\n" +
			"Exit codes: 0 it holds and its profiles succeeded, 1 something is wrong, or a profile did not succeed, 2 it cannot be told:\n" +
			"no such folder or key, or a certificate by another catalogue than this program's.",
		Example: "  mailtls verify-certificate certificate --pubkey lab.key.pub\n" +
			"  mailtls verify-certificate certificate --pubkey lab.key.pub --profile receiver-core",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return verify(cmd, args[0], pubkey, wanted) },
	}
	fl := cmd.Flags()
	fl.StringVar(&pubkey, "pubkey", "", "the signer's public key, or a file with it")
	fl.StringSliceVar(&wanted, "profile", nil, "the profiles that must have succeeded (default: all of the certificate)")
	_ = cmd.MarkFlagRequired("pubkey")
	return cmd
}

func verify(cmd *cobra.Command, dir, pubkey string, wanted []string) error {
	key, err := certificate.ReadPublicKey(pubkey)
	if err != nil {
		return err
	}
	v, err := harness.VerifyCertificate(dir, key)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if len(v.Faults) > 0 {
		for _, f := range v.Faults {
			say(out, "WRONG  %s\n", f)
		}
		say(out, "%s does not hold\n", dir)
		return exit(exitFailed)
	}
	c := v.Certificate
	say(out, "%s %s holds: signed by key %s, %d files as they were signed, %d cases judged again with the same verdicts\n",
		c.Subject.Product, c.Subject.Version, key.ID(), len(c.Files), c.Executed)
	code := exitOK
	for _, name := range wanted {
		if !slices.ContainsFunc(c.Profiles, func(a certificate.Achieved) bool { return a.Profile == name }) {
			return fmt.Errorf("find profile %q: the certificate is not about it", name)
		}
	}
	for _, a := range c.Profiles {
		say(out, "%-8s %s  %s\n", a.Result, a.Profile, a.ID)
		if a.Result != certificate.Success && (wanted == nil || slices.Contains(wanted, a.Profile)) {
			code = exitFailed
		}
	}
	return exit(code)
}
