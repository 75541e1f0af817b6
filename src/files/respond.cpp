#include "files/respond.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "http/accept.h"
#include "http/conditional.h"
#include "http/head.h"
#include "http/range.h"
#include "runtime/arena.h"

namespace signet::files {

using http::FieldId;
using http::Method;

namespace {

constexpr std::size_t kPiece = 64 * 1024;

// What of a representation is sent.
struct Part {
  int status = 200;
  std::size_t first = 0;
  std::size_t size = 0;
};

// The one range to be sent, or the whole. Several ranges at once are not worth multipart/byteranges
// for files of this size: RFC 9110 §14.2 lets a server ignore them.
Part part_of(const http::Request& request, const Variant& variant) {
  const std::size_t length = variant.bytes.size();
  const http::Fields& fields = request.head.fields;
  Part whole{200, 0, length};
  // Range is defined for GET only.
  if (request.head.method != Method::get || fields.count(FieldId::range) != 1) return whole;
  if (!http::if_range_allows(fields, variant.etag, {})) return whole;
  const http::Ranges asked = http::parse_range(fields.value(FieldId::range), length);
  if (asked.kind == http::Ranges::Kind::unsatisfiable) return {416, 0, 0};
  if (asked.kind != http::Ranges::Kind::satisfiable || asked.count != 1) return whole;
  const http::ByteRange& range = asked.list[0];
  return {206, static_cast<std::size_t>(range.first), static_cast<std::size_t>(range.size())};
}

std::string_view content_range(const Part& part, std::size_t length, runtime::Arena& arena) {
  constexpr std::size_t kRoom = 80;
  char* text = arena.make_array<char>(kRoom);
  auto end = part.status == 416 ? fmt::format_to_n(text, kRoom, "bytes */{}", length)
                                : fmt::format_to_n(text, kRoom, "bytes {}-{}/{}", part.first,
                                                   part.first + part.size - 1, length);
  return {text, end.size};
}

// The fields that a 304 carries too (RFC 9110 §15.4.5), and those that guard what is shown.
void add_common_fields(const File& file, const Variant& variant, std::string_view page_policy,
                       http::Fields& fields) {
  fields.add(FieldId::cache_control, file.status != 200 ? "no-store"
                                     : file.immutable   ? "public, max-age=31536000, immutable"
                                                        : "no-cache");
  if (file.status == 200) fields.add(FieldId::etag, variant.etag);
  if (file.has_codings()) fields.add(FieldId::vary, "Accept-Encoding");
  fields.add(FieldId::x_content_type_options, "nosniff");
  fields.add(FieldId::cross_origin_opener_policy, "same-origin");
  fields.add(FieldId::cross_origin_resource_policy, "same-origin");
  if (file.page && !page_policy.empty()) {
    fields.add(FieldId::content_security_policy, page_policy);
  }
}

runtime::Task<void> send(http::Request& request, http::Reply& reply, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, kPiece);
    bytes.remove_prefix(part.size());
    runtime::Buffer piece = runtime::Buffer::copy_of(request.loop.blocks(), part);
    auto sent = co_await reply.write(std::move(piece));
    if (!sent) co_return;
  }
  co_await reply.finish();
}

}  // namespace

runtime::Task<Served> respond(http::Request& request, http::Reply& reply, const File& file,
                              std::string_view page_policy, std::span<const http::Field> extra) {
  const Method method = request.head.method;
  if (method != Method::get && method != Method::head) co_return Served::method_not_allowed;

  const http::Coding coding =
      http::choose_coding(request.head.fields, file.gzip.exists(), file.br.exists());
  const Variant& variant = file.variant(coding);
  http::ResponseHead head(request.arena);
  add_common_fields(file, variant, page_policy, head.fields);
  for (const http::Field& field : extra)
    head.fields.add(field);

  Part part{file.status, 0, variant.bytes.size()};
  if (file.status == 200) {
    // §13.2.2: If-None-Match is judged before Range.
    if (http::if_none_match_matches(request.head.fields, variant.etag)) {
      head.status = 304;
      reply.start(head, std::nullopt);
      co_await reply.finish();
      co_return Served::answered;
    }
    part = part_of(request, variant);
    head.fields.add(FieldId::accept_ranges, "bytes");
    if (part.status != 200) {
      head.fields.add(FieldId::content_range,
                      content_range(part, variant.bytes.size(), request.arena));
    }
  }
  head.status = part.status;
  if (part.status != 416) {
    head.fields.add(FieldId::content_type, file.media_type);
    if (coding == http::Coding::br) head.fields.add(FieldId::content_encoding, "br");
    if (coding == http::Coding::gzip) head.fields.add(FieldId::content_encoding, "gzip");
  }
  reply.start(head, part.size);
  const std::string_view body = method == Method::head
                                    ? std::string_view()
                                    : std::string_view(variant.bytes).substr(part.first, part.size);
  co_await send(request, reply, body);
  co_return Served::answered;
}

}  // namespace signet::files
