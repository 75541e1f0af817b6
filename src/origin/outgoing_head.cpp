#include "origin/outgoing_head.h"

#include <array>
#include <cstddef>

#include "http/writer.h"

namespace signet::origin {

namespace {

using http::FieldId;

// A request without a body says so where a server would otherwise wonder (RFC 9110 §8.6).
bool expects_length(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

bool has_own_fields(const http::Fields& fields) {
  constexpr std::array kOwn{FieldId::host,
                            FieldId::connection,
                            FieldId::keep_alive,
                            FieldId::content_length,
                            FieldId::transfer_encoding,
                            FieldId::expect,
                            FieldId::te,
                            FieldId::trailer,
                            FieldId::upgrade,
                            FieldId::proxy_connection};
  for (const FieldId id : kOwn) {
    if (fields.has(id)) return true;
  }
  return false;
}

}  // namespace

std::expected<void, Unsendable> write_head(HeadBlock& block, const Outgoing& request,
                                           const http::Fields& extra, std::string_view host) {
  if (has_own_fields(request.fields) || has_own_fields(extra)) {
    return std::unexpected("a field that belongs to the connection was to be sent on");
  }
  constexpr std::size_t kUsual = 4096;
  block.clear();
  block.reserve(kUsual);
  while (true) {
    http::HeadWriter writer(block.room());
    writer.request_line(request.method, request.path, request.query, !request.query.empty());
    writer.field(FieldId::host, host);
    writer.fields(request.fields);
    writer.fields(extra);
    if (request.has_body && !request.length) {
      writer.field(FieldId::transfer_encoding, "chunked");
    } else if (request.has_body) {
      writer.field(FieldId::content_length, *request.length);
    } else if (expects_length(request.method)) {
      writer.field(FieldId::content_length, std::uint64_t{0});
    }
    const auto written = writer.finish();
    if (written) {
      block.commit(*written);
      return {};
    }
    if (written.error() == http::WriteError::forbidden_byte) {
      return std::unexpected("a byte that may not stand in a head was to be sent on");
    }
    block.reserve(writer.size_needed());
  }
}

}  // namespace signet::origin
