// A Vault server for tests: everything in memory, gone when it ends.
//
//	vaultkit FOLDER
//
// Prints one line of JSON once it can be used: addresses (plain and TLS), the
// file of its CA, the root token and the key that unseals it. FOLDER gets
// ca.pem and audit.log. Ends when its standard input does.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-hclog"
	kubeauth "github.com/hashicorp/vault-plugin-auth-kubernetes"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/audit"
	"github.com/hashicorp/vault/builtin/credential/approle"
	"github.com/hashicorp/vault/builtin/credential/userpass"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/internalshared/configutil"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"
)

type noPlugins struct{}

func (noPlugins) Contains(string, consts.PluginType) bool { return false }
func (noPlugins) Get(string, consts.PluginType) (func() (interface{}, error), bool) {
	return nil, false
}
func (noPlugins) Keys(consts.PluginType) []string { return nil }
func (noPlugins) DeprecationStatus(string, consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Unknown, false
}
func (noPlugins) IsBuiltinEntPlugin(string, consts.PluginType) bool { return false }

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func certificate(folder string) tls.Certificate {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	form := &x509.Certificate{
		SerialNumber:          big.NewInt(time.Now().UnixNano()),
		Subject:               pkix.Name{CommonName: "vault for tests"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:              []string{"localhost"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der := must(x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key))
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(filepath.Join(folder, "ca.pem"), text, 0o600); err != nil {
		log.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func newCore() *vault.Core {
	logger := hclog.NewNullLogger()
	return must(vault.NewCore(&vault.CoreConfig{
		Physical:        must(inmem.NewInmem(nil, logger)),
		Logger:          logger,
		DisableMlock:    true,
		BuiltinRegistry: noPlugins{},
		LogicalBackends: map[string]logical.Factory{"kv": kv.Factory},
		CredentialBackends: map[string]logical.Factory{
			"approle":    approle.Factory,
			"kubernetes": kubeauth.Factory,
			"userpass":   userpass.Factory,
		},
		AuditBackends: map[string]audit.Factory{"file": audit.NewFileBackend},
		EnableUI:      false,
		EnableRaw:     false,
	}))
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: vaultkit FOLDER")
	}
	folder := os.Args[1]
	core := newCore()
	made := must(core.Initialize(context.Background(), &vault.InitParams{
		BarrierConfig: &vault.SealConfig{SecretShares: 1, SecretThreshold: 1},
	}))
	if !must(core.Unseal(vault.TestKeyCopy(made.SecretShares[0]))) {
		log.Fatal("it is still sealed")
	}
	plain := must(net.Listen("tcp", "127.0.0.1:0"))
	secure := must(net.Listen("tcp", "127.0.0.1:0"))
	handler := vaulthttp.Handler.Handler(&vault.HandlerProperties{
		Core:                  core,
		ListenerConfig:        &configutil.Listener{TLSDisable: true},
		DisablePrintableCheck: false,
	})
	go func() { log.Fatal(http.Serve(plain, handler)) }()
	config := &tls.Config{Certificates: []tls.Certificate{certificate(folder)}}
	go func() {
		server := &http.Server{Handler: handler, TLSConfig: config,
			ErrorLog: log.New(io.Discard, "", 0)}
		log.Fatal(server.ServeTLS(secure, "", ""))
	}()
	text := must(json.Marshal(map[string]string{
		"plain":  "http://" + plain.Addr().String(),
		"secure": "https://" + secure.Addr().String(),
		"ca":     filepath.Join(folder, "ca.pem"),
		"token":  made.RootToken,
		"unseal": hex.EncodeToString(made.SecretShares[0]),
	}))
	os.Stdout.Write(append(text, '\n'))
	io.Copy(io.Discard, os.Stdin)
}
