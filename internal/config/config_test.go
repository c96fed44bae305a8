package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// commands is a command line with every setting, as `kotomori config` has it.
type commands struct {
	Config string
	Show   struct {
		Cluster
		Stream
		Ruleset
		Data
		HTTP
		Privacy
		Log
		Display
	} `cmd:""`
}

func parse(t *testing.T, args ...string) (*commands, *Resolver, error) {
	t.Helper()
	var c commands
	r := &Resolver{}
	k, err := kong.New(&c, kong.Vars{"data_dir": "/data"}, kong.Resolvers(r), kong.Exit(func(int) { t.Fatal("exit") }))
	if err != nil {
		t.Fatal(err)
	}
	_, err = k.Parse(append([]string{"show"}, args...))
	return &c, r, err
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func isolate(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "AppData"} {
		t.Setenv(name, t.TempDir())
	}
}

func TestPrecedence(t *testing.T) {
	isolate(t)
	path := write(t, "k.yaml", "group: file\npartitions: 3\nbrokers: [a:1, b:2]\ntls: true\n")
	t.Setenv("KOTOMORI_GROUP", "env")
	t.Setenv("KOTOMORI_PARTITIONS", "5")
	t.Setenv("KOTOMORI_REPLICAS", "") // empty counts as unset
	c, r, err := parse(t, "--config", path, "--group=flag")
	if err != nil {
		t.Fatal(err)
	}
	if c.Show.Group != "flag" || c.Show.Partitions != 5 || c.Show.Replicas != 0 || !c.Show.TLS ||
		strings.Join(c.Show.Brokers, " ") != "a:1 b:2" || c.Show.DataDir != "/data" {
		t.Errorf("got %+v", c.Show)
	}
	for name, want := range map[string]string{
		"group": "flag", "partitions": "environment KOTOMORI_PARTITIONS", "brokers": path + ":3", "tls": path + ":4", "replicas": "default",
	} {
		if got := r.Origin(name).String(); got != want {
			t.Errorf("origin of %s: got %s, want %s", name, got, want)
		}
	}
	if r.File() != path {
		t.Errorf("file: %s", r.File())
	}
}

func TestFileIsFound(t *testing.T) {
	isolate(t)
	user, err := os.UserConfigDir()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(user, "kotomori"), 0o700); err != nil {
		t.Fatal(err)
	}
	put := func(path, content string) {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	group := func(want string) {
		t.Helper()
		c, _, err := parse(t)
		if err != nil {
			t.Fatal(err)
		}
		if c.Show.Group != want {
			t.Errorf("group is %s, want %s", c.Show.Group, want)
		}
	}
	group("kotomori")
	put(filepath.Join(user, "kotomori", FileName), "group: user\n")
	group("user")
	put(FileName, "\ufeffgroup: here\r\n")
	group("here")
	other := write(t, "other.yaml", "group: named\n")
	t.Setenv("KOTOMORI_CONFIG", other)
	group("named")
}

func TestFaults(t *testing.T) {
	isolate(t)
	for name, tc := range map[string]struct {
		content string
		want    []string // in the error
	}{
		"unknown keys, all at once": {
			"group: a\nbroker: x\n\nsasl_user: y\nzzzzzzzz: 1\n",
			[]string{`:2:1: unknown key "broker"; did you mean "brokers"?`, `:4:1: unknown key "sasl_user"; did you mean "sasl-user"?`, `:5:1: unknown key "zzzzzzzz"; 'kotomori config' lists all keys`},
		},
		"syntax":        {"group: [a\npartitions: 1\n", []string{":1:"}},
		"not a mapping": {"- a\n- b\n", []string{`:1:1: expected a mapping, found a list; write `}},
		"nested":        {"group:\n  name: a\n", []string{":2:3: expected text, found a mapping"}},
		"wrong type":    {"replicas: 1\npartitions: many\n", []string{":2:1: partitions: ", "many"}},
		"enum":          {"sasl: kerberos\n", []string{":1:1: sasl must be one of none, plain, scram-sha-256, scram-sha-512"}},
		"twice":         {"group: a\ngroup: b\n", []string{":2:1: ", "group"}},
		"two documents": {"group: a\n---\ngroup: b\n", []string{": a second document; "}},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, "k.yaml", tc.content)
			_, _, err := parse(t, "--config="+path)
			var fault *Error
			if !errors.As(err, &fault) {
				t.Fatalf("got %v", err)
			}
			for _, want := range tc.want {
				if !strings.Contains(fault.Error(), want) || !strings.Contains(fault.Error(), path+":") {
					t.Errorf("%q lacks %q", fault, want)
				}
			}
		})
	}
	t.Run("environment", func(t *testing.T) {
		t.Setenv("KOTOMORI_PARTITIONS", "many")
		_, _, err := parse(t)
		if err == nil || !strings.Contains(err.Error(), "KOTOMORI_PARTITIONS: partitions: ") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("no such file", func(t *testing.T) {
		if _, _, err := parse(t, "--config=nowhere.yaml"); !errors.As(err, new(*Error)) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("empty", func(t *testing.T) {
		for _, content := range []string{"", "# nothing\n", "---\n", "group:\n"} {
			if _, _, err := parse(t, "--config="+write(t, "k.yaml", content)); err != nil {
				t.Errorf("%q: %v", content, err)
			}
		}
	})
}

func TestPassword(t *testing.T) {
	path := write(t, "pw", "s3cret \r\n")
	if got, err := (Cluster{SASLPasswordFile: path}).Password(); err != nil || got != "s3cret " {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := (Cluster{SASLPasswordFile: path, SASLPassword: "x"}).Password(); err == nil {
		t.Error("both are accepted")
	}
	if got, err := (Cluster{SASLPassword: "x"}).Password(); err != nil || got != "x" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := (Cluster{SASLPasswordFile: path + "x"}).Password(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestCheck(t *testing.T) {
	ok := Cluster{SASL: "none"}
	if err := ok.Check(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*Cluster){
		"add --tls":             func(c *Cluster) { c.TLSCA = "x" },
		"give both":             func(c *Cluster) { c.TLS, c.TLSCert = true, "x" },
		"add --sasl plain":      func(c *Cluster) { c.SASLUser = "x" },
		"there is no sasl-user": func(c *Cluster) { c.SASL = "plain" },
		"replicas must be":      func(c *Cluster) { c.Replicas = -1 },
	} {
		c := ok
		change(&c)
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
}

func TestCheckStream(t *testing.T) {
	if (Stream{Partitions: 1}).Check() != nil || (Stream{}).Check() == nil {
		t.Error("wrong")
	}
}

func TestDefaultDataDir(t *testing.T) {
	for _, tc := range []struct {
		goos string
		env  map[string]string
		want string
	}{
		{"linux", map[string]string{"HOME": "/h"}, filepath.Join("/h", ".local", "share", "kotomori")},
		{"linux", map[string]string{"HOME": "/h", "XDG_DATA_HOME": "/x"}, filepath.Join("/x", "kotomori")},
		{"linux", map[string]string{"HOME": "/h", "XDG_DATA_HOME": "x"}, filepath.Join("/h", ".local", "share", "kotomori")},
		{"darwin", map[string]string{"HOME": "/h"}, filepath.Join("/h", "Library", "Application Support", "kotomori")},
		{"windows", map[string]string{"LocalAppData": "/l", "HOME": "/h"}, filepath.Join("/l", "kotomori")},
		{"linux", nil, ""},
	} {
		if got := defaultDataDir(tc.goos, func(name string) string { return tc.env[name] }); got != tc.want {
			t.Errorf("%s %v: got %q, want %q", tc.goos, tc.env, got, tc.want)
		}
	}
}
