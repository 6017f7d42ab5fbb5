package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"time"
)

// identity is a certificate of 127.0.0.1, for servers and for clients, that vouches for itself.
type identity struct {
	// cert and key are the files.
	cert, key string
	// presented is what a client has, and trusted whom it believes.
	presented []tls.Certificate
	trusted   *x509.CertPool
}

func newIdentity(folder string) (identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return identity{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "127.0.0.1"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return identity{}, err
	}
	encodedKey, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return identity{}, err
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encodedKey})
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return identity{}, err
	}
	id := identity{cert: filepath.Join(folder, "cert.pem"), key: filepath.Join(folder, "key.pem"), presented: []tls.Certificate{pair}, trusted: x509.NewCertPool()}
	id.trusted.AppendCertsFromPEM(certPEM)
	if err := writeFile(id.cert, string(certPEM)); err != nil {
		return identity{}, err
	}
	return id, writeFile(id.key, string(keyPEM))
}

// client is a client of this identity.
func (i identity) client() *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{Certificates: i.presented, RootCAs: i.trusted, MinVersion: tls.VersionTLS12}}}
}
