#include "http/request_parser.h"

#include <string_view>

#include "http/characters.h"
#include "http/connection_options.h"

namespace signet::http {
namespace {

constexpr std::size_t kLongestMethod = 32;

// method = token (RFC 9110 §9.1), narrowed to what registered methods are made of, so that "get",
// "GeT" and binary rubbish end here.
bool is_method(std::string_view text) {
  if (text.empty() || text.size() > kLongestMethod) return false;
  for (const char c : text) {
    if ((c < 'A' || c > 'Z') && c != '-') return false;
  }
  return true;
}

// Names that lax servers, CGI-like ones above all, read as a framing field.
bool imitates_framing(std::string_view name) {
  const auto is = [name](std::string_view framing) {
    if (name.size() != framing.size()) return false;
    for (std::size_t i = 0; i < name.size(); ++i) {
      if ((name[i] == '_' ? '-' : name[i]) != framing[i]) return false;
    }
    return true;
  };
  return is("transfer-encoding") || is("content-length");
}

}  // namespace

std::expected<Progress, ParseError> RequestParser::parse(char* block, std::size_t filled) {
  if (block != block_) {
    if (block_ != nullptr) head_.fields.rebase(block_, block);
    block_ = block;
  }
  for (;;) {
    // What cannot be HTTP is refused without waiting for a line that may never end.
    if (lines_.position() == 0 && filled != 0 && *block != '\r' && (*block < 'A' || *block > 'Z')) {
      return std::unexpected(ParseError::bad_method);
    }
    Line line;
    const std::expected<HeadLines::Found, ParseError> found = lines_.next(block, filled, line);
    if (!found) return std::unexpected(found.error());
    if (*found == HeadLines::Found::need_more) return Progress{};
    if (raw_target_size_ == 0) {
      // RFC 9112 §2.2: at least one empty line before the request line is to be ignored. One is.
      if (line.size == 0 && lines_.position() == 2) continue;
      const std::expected<void, ParseError> read = read_request_line(line);
      if (!read) return std::unexpected(read.error());
      lines_.start_line_done();
    } else if (line.size == 0) {
      const std::expected<void, ParseError> judged = judge();
      if (!judged) return std::unexpected(judged.error());
      return Progress{true, lines_.position()};
    } else {
      const std::expected<void, ParseError> read = read_field(line);
      if (!read) return std::unexpected(read.error());
    }
  }
}

// request-line = method SP request-target SP HTTP-version (RFC 9112 §3), single spaces only.
std::expected<void, ParseError> RequestParser::read_request_line(Line line) {
  const std::string_view text = line.text();
  const std::size_t first = text.find(' ');
  if (!is_method(text.substr(0, first))) return std::unexpected(ParseError::bad_method);
  if (first == std::string_view::npos) return std::unexpected(ParseError::bad_request_line);
  const std::size_t second = text.find(' ', first + 1);
  if (second == std::string_view::npos || second == first + 1) {
    return std::unexpected(ParseError::bad_request_line);
  }
  // HTTP-version = "HTTP" "/" DIGIT "." DIGIT (RFC 9112 §2.3), case-sensitive.
  const std::string_view version = text.substr(second + 1);
  if (version.size() != 8 || !version.starts_with("HTTP/") || !character::is_digit(version[5]) ||
      version[6] != '.' || !character::is_digit(version[7])) {
    return std::unexpected(ParseError::bad_version);
  }
  if (version[5] != '1' || version[7] > '1') {
    return std::unexpected(ParseError::version_unsupported);
  }
  head_.minor_version = version[7] - '0';
  head_.method = method_from(text.substr(0, first));
  if (head_.method == Method::connect) return std::unexpected(ParseError::method_not_accepted);
  method_offset_ = static_cast<std::size_t>(line.begin - block_);
  method_size_ = first;
  raw_target_offset_ = method_offset_ + first + 1;
  raw_target_size_ = second - first - 1;
  return {};
}

std::expected<void, ParseError> RequestParser::read_field(Line line) {
  if (++field_count_ > max_fields_) return std::unexpected(ParseError::too_many_fields);
  const std::expected<Field, ParseError> field = parse_field_line(line);
  if (!field) return std::unexpected(field.error());
  if (field->id == FieldId::unknown && field->name.contains('_')) {
    if (imitates_framing(field->name)) return std::unexpected(ParseError::framing_look_alike);
    return {};
  }
  head_.fields.add(*field);
  return {};
}

// What the lines mean together: framing first, since everything else may be answered wrongly but a
// body must never be taken for the next request.
std::expected<void, ParseError> RequestParser::judge() {
  const Fields& fields = head_.fields;
  head_.method_name = {block_ + method_offset_, method_size_};
  const std::expected<BodyFraming, ParseError> framing = framing_of(fields, head_.minor_version);
  if (!framing) return std::unexpected(framing.error());
  head_.body = *framing;
  // RFC 9110 §9.3.1: content in a GET has no meaning and is how requests are smuggled.
  if (is_safe(head_.method) && head_.body.has_body()) {
    return std::unexpected(ParseError::body_not_allowed);
  }

  const ConnectionOptions options = connection_options(fields);
  if (!options.valid) return std::unexpected(ParseError::bad_connection);
  // RFC 9112 §9.3.
  head_.keep_alive = !options.close && (head_.minor_version == 1 || options.keep_alive);

  // RFC 9110 §10.1.1; HTTP/1.0 has no expectation, and one from there is ignored.
  if (head_.minor_version == 1 && fields.has(FieldId::expect)) {
    head_.wants_continue =
        fields.count(FieldId::expect) == 1 &&
        character::equals_ignoring_case(fields.value(FieldId::expect), "100-continue");
    head_.expectation_failed = !head_.wants_continue;
  }

  const std::expected<Target, ParseError> target =
      parse_target(head_.method, {block_ + raw_target_offset_, raw_target_size_}, fields.arena());
  if (!target) return std::unexpected(target.error());
  head_.target = *target;
  return judge_host();
}

// RFC 9112 §3.2: exactly one valid Host, in HTTP/1.0 too. §3.2.2: an absolute-form target's
// authority replaces it.
std::expected<void, ParseError> RequestParser::judge_host() {
  const std::size_t hosts = head_.fields.count(FieldId::host);
  if (hosts == 0) return std::unexpected(ParseError::missing_host);
  if (hosts > 1) return std::unexpected(ParseError::repeated_host);
  const auto in_block = [this](std::string_view text) {
    return std::span(block_ + (text.data() - block_), text.size());
  };
  std::expected<Authority, AuthorityError> authority =
      parse_authority(in_block(head_.fields.value(FieldId::host)));
  if (authority && head_.target.form == TargetForm::absolute) {
    authority = parse_authority(in_block(head_.target.authority));
  }
  if (!authority) return std::unexpected(ParseError::bad_host);
  head_.authority = *authority;
  return {};
}

}  // namespace signet::http
