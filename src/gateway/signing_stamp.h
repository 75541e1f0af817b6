#pragma once

#include <string_view>
#include <vector>

#include "credentials/holder.h"
#include "origin/outgoing.h"
#include "runtime/clock.h"
#include "signing/request_signer.h"

namespace signet::gateway {

// What signing needs and one loop shares: contexts and buffers that have grown once.
struct SigningDesk {
  signing::RequestSigner signer;
  std::vector<signing::SignedHeader> headers;
};

// Signs a request when its connection is there, so that the date is that of the sending.
class SigningStamp final : public origin::Stamp {
 public:
  // `payload_hash`: lower-case hex SHA-256 of the body. All borrowed until the send has ended.
  SigningStamp(SigningDesk& desk, const credentials::Keys& keys, const signing::HowToSign& how,
               std::string_view host, std::string_view payload_hash, const runtime::Clock& clock)
      : desk_(desk),
        keys_(keys),
        how_(how),
        host_(host),
        payload_hash_(payload_hash),
        clock_(clock) {}

  std::expected<void, origin::StampError> stamp(const origin::Outgoing& request,
                                                http::Fields& extra) override;

  // How long the last signature took.
  runtime::Duration took() const { return took_; }

 private:
  SigningDesk& desk_;
  const credentials::Keys& keys_;
  const signing::HowToSign& how_;
  std::string_view host_;
  std::string_view payload_hash_;
  const runtime::Clock& clock_;
  runtime::Duration took_{};
};

}  // namespace signet::gateway
