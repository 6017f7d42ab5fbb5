package adaptor

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// authority issues certificates for a test.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

// newAuthority writes its certificate to ca.pem in a folder.
func newAuthority(t *testing.T, dir string) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{dir: dir, key: key, pool: x509.NewCertPool()}
	a.cert = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tests"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, a.cert, a.cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.pool.AddCert(a.cert)
	a.write(t, "ca.pem", "CERTIFICATE", der)
	return a
}

// issue writes name.pem and name.key for 127.0.0.1.
func (a *authority) issue(t *testing.T, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	a.write(t, name+".pem", "CERTIFICATE", der)
	a.write(t, name+".key", "PRIVATE KEY", secret)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func (a *authority) write(t *testing.T, name, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// serveWith serves with a web configuration until the test ends, and returns the address.
func serveWith(t *testing.T, dir, web string) string {
	t.Helper()
	path := filepath.Join(dir, "web.yml")
	if err := os.WriteFile(path, []byte(web), 0o600); err != nil {
		t.Fatal(err)
	}
	server, err := New(Options{Config: onlySlack(), WebConfig: path})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

// tlsClient is a client that trusts an authority and may have a certificate.
func tlsClient(t *testing.T, a *authority, certificates ...tls.Certificate) *http.Client {
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: a.pool, Certificates: certificates}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

// get returns the status, or 0 with an error.
func get(client *http.Client, address string) (int, string, error) {
	answer, err := client.Get(address)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer.StatusCode, answer.Proto + " " + strings.TrimSpace(string(body)), err
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	ca := newAuthority(t, dir)
	ca.issue(t, "server")
	address := serveWith(t, dir, "tls_server_config: {cert_file: server.pem, key_file: server.key}\n")
	status, answer, err := get(tlsClient(t, ca), "https://"+address+"/-/healthy")
	if err != nil || status != http.StatusOK || answer != "HTTP/2.0 healthy" {
		t.Errorf("TLS: %d %s, %v", status, answer, err)
	}
	if _, _, err := get(&http.Client{Timeout: 20 * time.Second}, "https://"+address+"/-/healthy"); err == nil {
		t.Error("a client that does not know the authority was satisfied")
	}
	if status, answer, _ := get(http.DefaultClient, "http://"+address+"/-/healthy"); status != http.StatusBadRequest {
		t.Errorf("plain HTTP: %d %s", status, answer)
	}
}

func TestMutualTLS(t *testing.T) {
	dir := t.TempDir()
	ca := newAuthority(t, dir)
	ca.issue(t, "server")
	address := serveWith(t, dir, `tls_server_config:
  cert_file: server.pem
  key_file: server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.pem
`)
	if status, answer, err := get(tlsClient(t, ca, ca.issue(t, "client")), "https://"+address+"/-/healthy"); err != nil || status != http.StatusOK {
		t.Errorf("with a certificate: %d %s, %v", status, answer, err)
	}
	if status, answer, err := get(tlsClient(t, ca), "https://"+address+"/-/healthy"); err == nil {
		t.Errorf("without a certificate: %d %s", status, answer)
	}
	stranger := newAuthority(t, t.TempDir())
	if status, answer, err := get(tlsClient(t, ca, stranger.issue(t, "client")), "https://"+address+"/-/healthy"); err == nil {
		t.Errorf("with another authority's certificate: %d %s", status, answer)
	}
}

// basicAuthUsers asks for the password hunter22 of ops.
const basicAuthUsers = "basic_auth_users: {ops: $2a$04$ery.Tn75q6H2M/OKj5yxB.8mdnbUnaVCLrSIbHeJ9L4nG2cQ4Nmim}\n"

func TestBasicAuth(t *testing.T) {
	address := serveWith(t, t.TempDir(), basicAuthUsers)
	for user, want := range map[string]int{
		"": http.StatusUnauthorized, "ops:hunter2@": http.StatusUnauthorized, "root:hunter22@": http.StatusUnauthorized, "ops:hunter22@": http.StatusOK,
	} {
		for _, path := range []string{"/-/ready", "/metrics"} {
			if status, answer, err := get(http.DefaultClient, "http://"+user+address+path); err != nil || status != want {
				t.Errorf("%q %s: %d %s, %v; want %d", user, path, status, answer, err, want)
			}
		}
	}
}

// TestWebConfigMistakes are told before anything is served.
func TestWebConfigMistakes(t *testing.T) {
	withToken := onlySlack()
	withToken.Receivers[0].Token = "a-long-token"
	for name, test := range map[string]struct {
		web    string
		config *Config
		want   string
	}{
		"no file":             {"", onlySlack(), "no such file"},
		"unknown key":         {"tls_config: {}\n", onlySlack(), "web.yml: "},
		"no certificate":      {"tls_server_config: {cert_file: none.pem, key_file: none.key}\n", onlySlack(), "none.pem"},
		"password in plain":   {"basic_auth_users: {ops: hunter22}\n", onlySlack(), "web.yml: "},
		"password and token":  {basicAuthUsers, withToken, `receiver "slack" has a bearer token, and`},
		"certificate, no key": {"tls_server_config: {cert_file: server.pem}\n", onlySlack(), "key_file"},
	} {
		path := filepath.Join(t.TempDir(), "web.yml")
		if test.web != "" {
			if err := os.WriteFile(path, []byte(test.web), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		_, err := New(Options{Config: test.config, WebConfig: path})
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter22") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
