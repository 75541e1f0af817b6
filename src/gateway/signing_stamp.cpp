#include "gateway/signing_stamp.h"

namespace signet::gateway {

std::expected<void, origin::StampError> SigningStamp::stamp(const origin::Outgoing& request,
                                                            http::Fields& extra) {
  runtime::Time began = clock_.monotonic();
  desk_.headers.clear();
  desk_.headers.push_back({"host", host_});
  for (const http::Field& field : request.fields) {
    desk_.headers.push_back({field.name, field.value});
  }
  signing::Outbound outbound{request.method, request.path, request.query, desk_.headers,
                             payload_hash_};
  runtime::Arena& arena = extra.arena();
  for (const auto& header : desk_.signer.sign(outbound, keys_.key, how_, clock_.unix_seconds())) {
    // The signer's texts are gone with the next exchange's signature.
    extra.add(header.name, arena.copy(header.value));
  }
  took_ = clock_.monotonic() - began;
  return {};
}

}  // namespace signet::gateway
