#pragma once

// For this room's tests: keys and certificates made on the spot.

#include <cstdlib>
#include <memory>
#include <string>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace signet::origin {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using ServerContext = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

struct Identity {
  Key key{nullptr, EVP_PKEY_free};
  Certificate certificate{nullptr, X509_free};
};

struct Wanted {
  std::string names;  // subjectAltName: "DNS:a.test,IP:127.0.0.1"; empty for an authority
  long from_seconds = -3600;
  long to_seconds = 3600;
};

// Signed by `issuer`, or by itself without one.
inline Identity make_identity(const Wanted& wanted, const Identity* issuer) {
  Identity made;
  made.key.reset(EVP_EC_gen("P-256"));
  made.certificate.reset(X509_new());
  X509* certificate = made.certificate.get();
  X509_set_version(certificate, 2);
  static long serial = 0;
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), wanted.from_seconds);
  X509_gmtime_adj(X509_getm_notAfter(certificate), wanted.to_seconds);
  X509_set_pubkey(certificate, made.key.get());
  const std::string name = "test " + std::to_string(serial);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  const X509* signer = issuer == nullptr ? certificate : issuer->certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(signer));
  const bool authority = wanted.names.empty();
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(
      nullptr, nullptr, authority ? NID_basic_constraints : NID_subject_alt_name,
      authority ? "critical,CA:TRUE" : wanted.names.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(certificate, issuer == nullptr ? made.key.get() : issuer->key.get(), EVP_sha256());
  return made;
}

// Writes the certificate as PEM; gives the path.
inline std::string write_pem(const Identity& identity, const std::string& path) {
  std::unique_ptr<FILE, decltype(&fclose)> file(fopen(path.c_str(), "w"), fclose);
  if (!file || PEM_write_X509(file.get(), identity.certificate.get()) != 1) std::abort();
  return path;
}

inline ServerContext make_server(const Identity& identity) {
  ServerContext context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  SSL_CTX_use_certificate(context.get(), identity.certificate.get());
  SSL_CTX_use_PrivateKey(context.get(), identity.key.get());
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return context;
}

}  // namespace signet::origin
