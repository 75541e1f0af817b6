#include "http/response_parser.h"

#include <string_view>

#include "http/characters.h"
#include "http/connection_options.h"

namespace signet::http {

std::expected<Progress, ParseError> ResponseParser::parse(char* block, std::size_t filled) {
  if (block != block_) {
    if (block_ != nullptr) head_.fields.rebase(block_, block);
    block_ = block;
  }
  for (;;) {
    if (lines_.position() == 0 && filled != 0 && *block != 'H') {
      return std::unexpected(ParseError::bad_status_line);
    }
    Line line;
    const std::expected<HeadLines::Found, ParseError> found = lines_.next(block, filled, line);
    if (!found) return std::unexpected(found.error());
    if (*found == HeadLines::Found::need_more) return Progress{};
    if (!status_line_read_) {
      const std::expected<void, ParseError> read = read_status_line(line);
      if (!read) return std::unexpected(read.error());
      status_line_read_ = true;
      lines_.start_line_done();
    } else if (line.size == 0) {
      const std::expected<void, ParseError> judged = judge();
      if (!judged) return std::unexpected(judged.error());
      return Progress{true, lines_.position()};
    } else {
      if (++field_count_ > max_fields_) return std::unexpected(ParseError::too_many_fields);
      const std::expected<Field, ParseError> field = parse_field_line(line);
      if (!field) return std::unexpected(field.error());
      head_.fields.add(*field);
    }
  }
}

// status-line = HTTP-version SP status-code SP [ reason-phrase ] (RFC 9112 §4). The last space may
// be missing with the phrase, as many servers write it.
std::expected<void, ParseError> ResponseParser::read_status_line(Line line) {
  const std::string_view text = line.text();
  const auto refused = [] { return std::unexpected(ParseError::bad_status_line); };
  if (text.size() < 12 || !text.starts_with("HTTP/") || text[8] != ' ') return refused();
  const std::string_view version = text.substr(5, 3);
  if (version != "1.1" && version != "1.0") return std::unexpected(ParseError::version_unsupported);
  const std::string_view code = text.substr(9, 3);
  if (code[0] < '1' || code[0] > '5' || !character::is_digit(code[1]) ||
      !character::is_digit(code[2]) || (text.size() > 12 && text[12] != ' ') ||
      !character::is_field_value(text.substr(12))) {
    return refused();
  }
  head_.minor_version = version[2] - '0';
  head_.status = (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
  if (head_.status == 101) return std::unexpected(ParseError::switching_protocols);
  return {};
}

std::expected<void, ParseError> ResponseParser::judge() {
  const std::expected<BodyFraming, ParseError> framing =
      framing_of(head_.fields, head_.minor_version);
  if (!framing) return std::unexpected(framing.error());
  // RFC 9112 §6.3, items 1 and 8.
  const bool no_body =
      asked_ == Method::head || head_.interim() || head_.status == 204 || head_.status == 304;
  if (no_body) {
    head_.body = {};
  } else if (framing->kind == BodyFraming::Kind::none) {
    head_.body = {BodyFraming::Kind::until_close, 0};
  } else {
    head_.body = *framing;
  }
  const ConnectionOptions options = connection_options(head_.fields);
  if (!options.valid) return std::unexpected(ParseError::bad_connection);
  head_.keep_alive = !options.close && (head_.minor_version == 1 || options.keep_alive) &&
                     head_.body.kind != BodyFraming::Kind::until_close &&
                     // Who announces a body with a 204 may send it.
                     !(head_.status == 204 && framing->has_body());
  return {};
}

}  // namespace signet::http
