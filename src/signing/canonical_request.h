#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "signing/how_to_sign.h"

namespace signet::signing {

// One header field; the name is lower-case.
struct SignedHeader {
  std::string_view name;
  std::string_view value;
};

// The parts of a request that a signature covers, as they are on the wire.
struct Signable {
  std::string_view method;
  // Percent-encoded once and without dot segments; empty means "/".
  std::string_view path;
  // Without the "?", in the sender's order. Its pairs are signed as they are spelled, so raw spaces
  // and UTF-8 must have been encoded.
  std::string_view query;
  // Exactly the headers to sign, in any order; repeated names in the order of the wire.
  std::span<const SignedHeader> headers;
  // The body's SHA-256 in lower-case hexadecimal, or one of the fixed texts.
  std::string_view payload_hash;
};

// Step 1 of Signature Version 4, "Create a canonical request":
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
// Keeps its buffers, so that it allocates only for a request larger than all before it.
class CanonicalRequest {
 public:
  // The canonical request; valid until the next call.
  std::string_view write(const Signable& request, PathEncoding encoding);
  // The names that the last one signs, joined with ";"; valid until the next call of write().
  std::string_view signed_headers() const { return signed_headers_; }

 private:
  void append_query(std::string_view query);
  void append_headers(std::span<const SignedHeader> headers);

  struct QueryPair {
    std::string_view key;
    std::string_view value;
  };

  std::string text_;
  std::string signed_headers_;
  std::vector<QueryPair> pairs_;
  std::vector<SignedHeader> headers_;
};

// `path` without "." and ".." segments and without empty segments (RFC 3986 §5.2.4, and AWS's rule
// on repeated slashes). A slash at the end is kept. Only the canonical path is normalised so; the
// path on the wire stays as it is.
std::string normalized_path(std::string_view path);

}  // namespace signet::signing
