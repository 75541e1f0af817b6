#include "http/chunked.h"

#include <algorithm>

#include "http/characters.h"
#include "http/head_lines.h"

namespace signet::http {

std::string_view describe(ChunkError error) {
  switch (error) {
    case ChunkError::bad_size: return "A chunk's size is malformed.";
    case ChunkError::bad_line_end: return "A chunk's line does not end in CRLF.";
    case ChunkError::bad_extension: return "A chunk's extension is malformed.";
    case ChunkError::extension_too_long: return "A chunk's extension is too long.";
    case ChunkError::bad_trailer: return "A trailer field is malformed.";
    case ChunkError::trailers_too_large: return "The trailer fields are too large.";
    case ChunkError::body_too_large: return "The body is too large.";
  }
  return "The chunked body is malformed.";
}

// chunked-body = *chunk last-chunk trailer-section CRLF
// chunk        = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
// last-chunk   = 1*("0") [ chunk-ext ] CRLF                                     (RFC 9112 §7.1)
std::expected<ChunkedDecoder::Step, ChunkError> ChunkedDecoder::next(std::string_view input) {
  std::size_t at = 0;
  while (at < input.size() && state_ != State::done) {
    std::expected<void, ChunkError> read;
    switch (state_) {
      case State::data: {
        const auto take =
            static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size() - at));
        left_ -= take;
        payload_bytes_ += take;
        if (left_ == 0) state_ = State::data_cr;
        return Step{at + take, input.substr(at, take), false};
      }
      case State::data_cr:
        if (input[at++] != '\r') return std::unexpected(ChunkError::bad_line_end);
        state_ = State::data_lf;
        break;
      case State::data_lf:
        if (input[at++] != '\n') return std::unexpected(ChunkError::bad_line_end);
        state_ = State::size_start;
        break;
      case State::size_start:
      case State::size: read = read_size_byte(input[at++]); break;
      case State::size_lf:
        if (input[at++] != '\n') return std::unexpected(ChunkError::bad_line_end);
        read = end_of_size_line();
        break;
      case State::trailer: {
        const std::expected<std::size_t, ChunkError> taken = read_trailer(input.substr(at));
        if (!taken) return std::unexpected(taken.error());
        at += *taken;
        break;
      }
      default: read = read_extension_byte(input[at++]);
    }
    if (!read) return std::unexpected(read.error());
  }
  return Step{at, {}, state_ == State::done};
}

// chunk-size = 1*HEXDIG, here at most 16 digits and below 2^63.
std::expected<void, ChunkError> ChunkedDecoder::read_size_byte(char byte) {
  const std::uint8_t digit = character::hex_value(byte);
  if (digit <= 0x0F) {
    if (++digits_ > 16 || left_ >> 59 != 0) return std::unexpected(ChunkError::bad_size);
    left_ = left_ << 4 | digit;
    state_ = State::size;
    return {};
  }
  if (state_ == State::size_start) return std::unexpected(ChunkError::bad_size);
  if (byte == '\r') {
    state_ = State::size_lf;
  } else if (byte == ';') {
    state_ = State::extension_name_start;
    extension_bytes_ = 0;
  } else {
    return std::unexpected(byte == '\n' ? ChunkError::bad_line_end : ChunkError::bad_size);
  }
  return {};
}

// chunk-ext      = *( ";" chunk-ext-name [ "=" chunk-ext-val ] )                (RFC 9112 §7.1.1)
// chunk-ext-name = token
// chunk-ext-val  = token / quoted-string
// without the bad whitespace that the RFC lets a recipient endure. quoted-string as in RFC 9110
// §5.6.4; a control character, CR and LF above all, is never part of one.
std::expected<void, ChunkError> ChunkedDecoder::read_extension_byte(char byte) {
  if (++extension_bytes_ > limits_.extension_bytes) {
    return std::unexpected(ChunkError::extension_too_long);
  }
  const bool may_end = state_ == State::extension_name || state_ == State::extension_token ||
                       state_ == State::extension_end;
  if (may_end && byte == '\r') {
    state_ = State::size_lf;
    return {};
  }
  if (may_end && byte == ';') {
    state_ = State::extension_name_start;
    return {};
  }
  const bool token_byte = character::is_tchar(byte);
  switch (state_) {
    case State::extension_name_start:
      if (!token_byte) break;
      state_ = State::extension_name;
      return {};
    case State::extension_name:
      if (byte == '=') state_ = State::extension_value_start;
      if (byte != '=' && !token_byte) break;
      return {};
    case State::extension_value_start:
      if (byte != '"' && !token_byte) break;
      state_ = byte == '"' ? State::extension_quoted : State::extension_token;
      return {};
    case State::extension_token:
      if (!token_byte) break;
      return {};
    case State::extension_quoted:
      if (!character::is_value_byte(byte)) break;
      if (byte == '\\') state_ = State::extension_escape;
      if (byte == '"') state_ = State::extension_end;
      return {};
    case State::extension_escape:
      if (!character::is_value_byte(byte)) break;
      state_ = State::extension_quoted;
      return {};
    default: break;
  }
  return std::unexpected(byte == '\n' ? ChunkError::bad_line_end : ChunkError::bad_extension);
}

std::expected<void, ChunkError> ChunkedDecoder::end_of_size_line() {
  digits_ = 0;
  if (left_ == 0) {
    state_ = State::trailer;
    return {};
  }
  // Refused by what the chunk announces: nothing over the limit is ever handed out.
  if (left_ > limits_.body_bytes - payload_bytes_) {
    return std::unexpected(ChunkError::body_too_large);
  }
  state_ = State::data;
  return {};
}

// trailer-section = *( field-line CRLF ) (RFC 9112 §7.1.2)
std::expected<std::size_t, ChunkError> ChunkedDecoder::read_trailer(std::string_view input) {
  const std::size_t lf = input.find('\n');
  const std::string_view piece = input.substr(0, lf == std::string_view::npos ? lf : lf + 1);
  // What is over the limit is refused before it is kept, and alike at every fragment size.
  trailer_bytes_ += piece.size();
  if (trailer_bytes_ > limits_.trailer_bytes) {
    return std::unexpected(ChunkError::trailers_too_large);
  }
  line_.append(piece);
  if (lf != std::string_view::npos) {
    const std::expected<void, ChunkError> ended = end_of_trailer_line();
    if (!ended) return std::unexpected(ended.error());
  }
  return piece.size();
}

std::expected<void, ChunkError> ChunkedDecoder::end_of_trailer_line() {
  if (!line_.ends_with("\r\n")) return std::unexpected(ChunkError::bad_line_end);
  if (line_.size() == 2) {
    state_ = State::done;
    return {};
  }
  if (++trailer_count_ > limits_.trailer_count) {
    return std::unexpected(ChunkError::trailers_too_large);
  }
  const std::expected<Field, ParseError> field = parse_field_line({line_.data(), line_.size() - 2});
  if (!field) return std::unexpected(ChunkError::bad_trailer);
  if (trailers_ != nullptr) {
    runtime::Arena& arena = trailers_->arena();
    trailers_->add(Field{arena.copy(field->name), arena.copy(field->value), field->id});
  }
  line_.clear();
  return {};
}

ChunkPrefix::ChunkPrefix(std::size_t size) {
  constexpr std::string_view kHex = "0123456789abcdef";
  int digits = 1;
  while (digits < 16 && size >> (digits * 4) != 0)
    ++digits;
  for (int i = digits - 1; i >= 0; --i)
    text_[length_++] = kHex[size >> (i * 4) & 0x0F];
  text_[length_++] = '\r';
  text_[length_++] = '\n';
}

}  // namespace signet::http
