package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"flag"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const validity = 7 * 24 * time.Hour

var serviceAddress = net.IPv4(10, 96, 0, 1) // first of the range that Services have

// makeKeys writes what a cluster on loopback needs: ca.crt and ca.key, server.crt and server.key,
// and accounts.key, which signs the tokens of service accounts.
//
//	pki --folder DIR
func makeKeys() error {
	flags := flag.NewFlagSet("pki", flag.ExitOnError)
	folder := flags.String("folder", ".", "where they are written")
	if err := flags.Parse(os.Args[1:]); err != nil {
		return err
	}
	if err := os.MkdirAll(*folder, 0o700); err != nil {
		return err
	}
	authority := &x509.Certificate{
		Subject: pkix.Name{CommonName: "test cluster"}, SerialNumber: big.NewInt(1),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		IsCA:     true, BasicConstraintsValid: true,
	}
	authorityKey, err := makePair(*folder, "ca", authority, authority, nil)
	if err != nil {
		return err
	}
	server := &x509.Certificate{
		Subject: pkix.Name{CommonName: "kube-apiserver"}, SerialNumber: big.NewInt(2),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost", "kubernetes.default.svc"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), serviceAddress},
	}
	if _, err := makePair(*folder, "server", server, authority, authorityKey); err != nil {
		return err
	}
	_, err = makeKey(filepath.Join(*folder, "accounts.key"))
	return err
}

// makePair writes a key and its certificate; without an issuer's key it signs itself.
func makePair(folder, name string, subject, issuer *x509.Certificate, issuerKey *ecdsa.PrivateKey) (*ecdsa.PrivateKey, error) {
	key, err := makeKey(filepath.Join(folder, name+".key"))
	if err != nil {
		return nil, err
	}
	if issuerKey == nil {
		issuerKey = key
	}
	subject.NotBefore = time.Now().Add(-time.Hour)
	subject.NotAfter = time.Now().Add(validity)
	der, err := x509.CreateCertificate(rand.Reader, subject, issuer, key.Public(), issuerKey)
	if err != nil {
		return nil, err
	}
	return key, writePEM(filepath.Join(folder, name+".crt"), "CERTIFICATE", der)
}

func makeKey(file string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, writePEM(file, "EC PRIVATE KEY", der)
}

func writePEM(file, kind string, der []byte) error {
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
