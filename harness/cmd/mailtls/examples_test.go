package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/rhysd/actionlint"
	"github.com/spf13/pflag"
)

// root is the repository's, seen from this package's folder.
const root = "../../.."

// asCommand makes the test binary be mailtls.
const asCommand = "MAILTLS_TEST_IS_MAILTLS"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Exit(execute(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// workspace is a folder as a CI job has it after its build: bin/mailtls and the examples.
// What is judged there is a part of the catalogue, so that it is quick.
func workspace(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("the examples are for bash, which is not here")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	examples, err := filepath.Abs(filepath.Join(root, ".ci"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	script := fmt.Sprintf("#!/usr/bin/env bash\nif [ \"$1\" = run ]; then set -- \"$@\" --case 'injection/*'; fi\n%s=1 exec %q \"$@\"\n", asCommand, self)
	for _, err := range []error{
		os.Mkdir(filepath.Join(dir, "bin"), 0o755), os.Symlink(examples, filepath.Join(dir, ".ci")),
		os.WriteFile(filepath.Join(dir, "bin", "mailtls"), []byte(script), 0o755),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// shell runs a script in a workspace as CI systems do, and returns its exit code.
func shell(t *testing.T, dir, script string, env ...string) (code int, output string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-e", "-o", "pipefail", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), append([]string{"PLAN=smoke", "ROUNDS=1", "DURATION=1s"}, env...)...)
	var b bytes.Buffer
	cmd.Stdout, cmd.Stderr = &b, &b
	err := cmd.Run()
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), b.String()
}

// unbuilt leaves out the lines that build: the workspace is built.
func unbuilt(script string) string {
	var kept []string
	for line := range strings.Lines(script) {
		if !strings.HasPrefix(strings.TrimSpace(line), "go build ") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

// example reads a file of the examples.
func example(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, ".ci", "examples", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// workflow is the part of a GitHub Actions file that these tests read.
type workflow struct {
	Jobs map[string]struct {
		Steps []struct {
			Name, Run, Uses string
			Env             map[string]string
			With            map[string]string
		}
	}
}

func TestGitHubExampleIsSound(t *testing.T) {
	text := example(t, "github.yml")
	for _, f := range faults(t, text) {
		t.Error(f)
	}
	for name, broken := range map[string][]byte{
		"an input that there is not": bytes.Replace(text, []byte("go-version-file:"), []byte("go-version-fire:"), 1),
		"a right that there is not":  bytes.Replace(text, []byte("security-events: write"), []byte("security-events: all"), 1),
		"a wrong expression":         bytes.Replace(text, []byte("${{ !cancelled() }}"), []byte("${{ !canceled() }}"), 1),
	} {
		if len(faults(t, broken)) == 0 {
			t.Errorf("%s is no fault", name)
		}
	}
}

// faults is what is wrong with a workflow.
func faults(t *testing.T, text []byte) []*actionlint.Error {
	t.Helper()
	l, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	all, err := l.Lint("github.yml", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// historyIn puts the history of the examples into a workspace.
func historyIn(dir, text string) string {
	return strings.ReplaceAll(text, "/var/lib/mailtls", filepath.Join(dir, "lasting"))
}

// firstNight is what the nightly job may end with in a test: there is nothing to hold
// the night against, or the machine is too noisy.
func firstNight(code int) bool { return code == exitFault || code == 3 }

// environment lists variables as a process takes them.
func environment(dir string, variables map[string]string) []string {
	var all []string
	for name, value := range variables {
		all = append(all, name+"="+historyIn(dir, value))
	}
	return all
}

// exist reports files of a workspace that are not there.
func exist(t *testing.T, dir, who string, files ...string) {
	t.Helper()
	for _, file := range files {
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			t.Errorf("%s: what it keeps is not there: %v", who, err)
		}
	}
}

// TestGitHubExampleWorks takes the steps of the workflow, and looks at what they upload.
func TestGitHubExampleWorks(t *testing.T) {
	t.Parallel()
	var w workflow
	if err := yaml.Unmarshal(example(t, "github.yml"), &w); err != nil {
		t.Fatal(err)
	}
	dir := workspace(t)
	summary := filepath.Join(dir, "summary.md")
	for _, job := range []string{"judge", "nightly"} {
		for _, step := range w.Jobs[job].Steps {
			env := append(environment(dir, step.Env), "GITHUB_STEP_SUMMARY="+summary)
			code, out := shell(t, dir, historyIn(dir, unbuilt(step.Run)), env...)
			if code != 0 && (step.Name != "Nightly" || !firstNight(code)) {
				t.Fatalf("%s, %s: exit code %d: %s", job, step.Name, code, out)
			}
			exist(t, dir, step.Name, strings.Fields(step.With["path"]+" "+step.With["sarif_file"])...)
		}
	}
	holdsDocuments(t, dir, "mailtls-junit.xml", "mailtls.sarif")
	page, err := os.ReadFile(summary)
	if err != nil || strings.Count(string(page), "## mailtls: CONFORMING") != 2 || !strings.Contains(string(page), "### Night of ") {
		t.Errorf("%v: %s", err, page)
	}
}

// holdsDocuments looks into documents by their extension.
func holdsDocuments(t *testing.T, dir string, files ...string) {
	t.Helper()
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Error(err)
			continue
		}
		var fault error
		switch filepath.Ext(file) {
		case ".xml":
			fault = xml.Unmarshal(text, new(struct {
				Cases []struct{} `xml:"testsuite>testcase"`
			}))
		case ".sarif":
			fault = json.Unmarshal(text, new(map[string]any))
		case ".txt":
			if !strings.HasSuffix(string(text), "\n# EOF\n") {
				fault = errors.New("there is no # EOF")
			}
		}
		if fault != nil || len(text) < 100 {
			t.Errorf("%s: %v: %s", file, fault, text)
		}
	}
}

// gitlabJob is a job of a GitLab CI file.
type gitlabJob struct {
	Stage, Timeout string
	Tags           []string
	Rules          []struct{ If string }
	Variables      map[string]string
	Script         []string
	AfterScript    []string `yaml:"after_script"`
	Artifacts      struct {
		When     string
		ExpireIn string `yaml:"expire_in"`
		Paths    []string
		Reports  map[string]string
	}
}

// gitlabReports are the reports that GitLab takes among those that mailtls writes.
func gitlabReports() []string { return []string{"junit", "metrics"} }

// gitlab reads the file, refusing keys that it does not know.
func gitlab(t *testing.T) (stages []string, jobs map[string]gitlabJob) {
	t.Helper()
	var all map[string]any
	if err := yaml.Unmarshal(example(t, "gitlab.yml"), &all); err != nil {
		t.Fatal(err)
	}
	jobs = map[string]gitlabJob{}
	for name, one := range all {
		text, err := yaml.Marshal(one)
		if err != nil {
			t.Fatal(err)
		}
		var job gitlabJob
		switch name {
		case "stages":
			err = yaml.Unmarshal(text, &stages)
		case "default":
			err = yaml.UnmarshalWithOptions(text, &struct {
				Image        string
				BeforeScript []string `yaml:"before_script"`
			}{}, yaml.Strict())
		default:
			err = yaml.UnmarshalWithOptions(text, &job, yaml.Strict())
			jobs[name] = job
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	return stages, jobs
}

func TestGitLabExampleWorks(t *testing.T) {
	t.Parallel()
	stages, jobs := gitlab(t)
	if len(jobs) != 2 {
		t.Errorf("there are %d jobs", len(jobs))
	}
	dir := workspace(t)
	for name, job := range jobs {
		if !slices.Contains(stages, job.Stage) || len(job.Script) == 0 || len(job.Rules) == 0 || job.Artifacts.When != "always" {
			t.Errorf("%s: %+v", name, job)
		}
		env := environment(dir, job.Variables)
		code, out := shell(t, dir, strings.Join(job.Script, "\n"), env...)
		if code != 0 && (name != "mailtls-nightly" || !firstNight(code)) {
			t.Fatalf("%s: exit code %d: %s", name, code, out)
		}
		if code, out := shell(t, dir, strings.Join(job.AfterScript, "\n"), env...); code != 0 {
			t.Fatalf("%s: exit code %d: %s", name, code, out)
		}
		exist(t, dir, name, job.Artifacts.Paths...)
		for kind, file := range job.Artifacts.Reports {
			if !slices.Contains(gitlabReports(), kind) {
				t.Errorf("%s: GitLab takes no reports of the kind %q", name, kind)
			}
			holdsDocuments(t, dir, file)
		}
	}
}

// TestNightlyEndsWithTwoWhereNothingIsLeft: a night without figures must not pass by
// the figures of the night before.
func TestNightlyEndsWithTwoWhereNothingIsLeft(t *testing.T) {
	dir := workspace(t)
	for name, env := range map[string][]string{
		"no such target": {"TARGET=nowhere"},
		"no such plan":   {"PLAN=nothing"},
		"last night's":   {"OUT=bin"},
	} {
		if code, out := shell(t, dir, ".ci/examples/nightly.sh", append(env, "HISTORY=history")...); code != exitFault {
			t.Errorf("%s: exit code %d: %s", name, code, out)
		}
		if _, err := os.Stat(filepath.Join(dir, "history")); err == nil {
			t.Errorf("%s: something was added to the history", name)
		}
	}
}

// TestREADMEsCommandsExist holds the command lines of README against the commands and
// flags that there are.
func TestREADMEsCommandsExist(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	met := map[string]bool{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for section := ""; lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "#") {
			section = strings.Trim(line, "# ")
		}
		if section != "In CI" && section != "Nightly" {
			continue
		}
		met[section] = true
		_, command, found := strings.Cut(line, "    ")
		command = strings.TrimPrefix(command, "$ ")
		if words := strings.Fields(command); found && len(words) > 0 && words[0] == "bin/mailtls" {
			parses(t, words[1:])
		}
	}
	if len(met) != 2 {
		t.Errorf("README has the sections %v", met)
	}
}

// parses holds a command line against the commands and their flags; what comes after a
// redirection or a comment is the shell's.
func parses(t *testing.T, words []string) {
	t.Helper()
	if i := slices.IndexFunc(words, func(w string) bool { return strings.ContainsAny(w[:1], "#>|&") }); i >= 0 {
		words = words[:i]
	}
	cmd, rest, err := newRoot().Find(words)
	if err == nil && cmd.Name() == "mailtls" {
		err = errors.New("there is no such command")
	}
	if err == nil {
		err = cmd.ParseFlags(rest)
	}
	if err == nil {
		err = cmd.ValidateArgs(cmd.Flags().Args())
	}
	if err != nil && !errors.Is(err, pflag.ErrHelp) {
		t.Errorf("mailtls %s: %v", strings.Join(words, " "), err)
	}
}
