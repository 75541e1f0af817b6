#include "http/writer.h"

#include <array>
#include <charconv>
#include <cstring>

#include "http/characters.h"
#include "http/status.h"

namespace signet::http {

void HeadWriter::put(std::string_view text) {
  if (used_ <= room_.size() && text.size() <= room_.size() - used_ && !text.empty()) {
    std::memcpy(room_.data() + used_, text.data(), text.size());
  }
  used_ += text.size();
}

void HeadWriter::request_line(std::string_view method, std::string_view path,
                              std::string_view query, bool has_query) {
  // A space in any part would end it early, a control character the line.
  const auto printable = [](std::string_view text) {
    for (const char c : text) {
      if (c <= 0x20 || c >= 0x7F) return false;
    }
    return true;
  };
  if (!character::is_token(method) || path.empty() || !printable(path) || !printable(query)) {
    forbidden_ = true;
  }
  put(method);
  put(" ");
  put(path);
  if (has_query) put("?");
  put(query);
  put(" HTTP/1.1\r\n");
}

void HeadWriter::status_line(int status) {
  if (status == 200) return put("HTTP/1.1 200 OK\r\n");
  if (status < 100 || status > 999) forbidden_ = true;
  const auto digit = [](int value) { return static_cast<char>('0' + value % 10); };
  const std::array<char, 4> code{digit(status / 100), digit(status / 10), digit(status), ' '};
  put("HTTP/1.1 ");
  put({code.data(), code.size()});
  put(reason_phrase(status));
  put("\r\n");
}

void HeadWriter::field(std::string_view name, std::string_view value) {
  if (!character::is_token(name) || !character::is_field_value(value)) forbidden_ = true;
  put_line(name, value);
}

void HeadWriter::field(FieldId id, std::string_view value) {
  if (id == FieldId::unknown || !character::is_field_value(value)) forbidden_ = true;
  put_line(field_name(id), value);
}

void HeadWriter::field(FieldId id, std::uint64_t value) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  field(id, std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
}

void HeadWriter::fields(const Fields& fields) {
  for (const Field& each : fields) {
    if (each.id == FieldId::unknown) {
      field(each.name, each.value);
    } else {
      field(each.id, each.value);
    }
  }
}

void HeadWriter::put_line(std::string_view name, std::string_view value) {
  const std::size_t size = name.size() + value.size() + 4;
  if (used_ <= room_.size() && size <= room_.size() - used_) {
    char* at = room_.data() + used_;
    std::memcpy(at, name.data(), name.size());
    at += name.size();
    *at++ = ':';
    *at++ = ' ';
    if (!value.empty()) std::memcpy(at, value.data(), value.size());
    at += value.size();
    *at++ = '\r';
    *at++ = '\n';
  }
  used_ += size;
}

std::expected<std::size_t, WriteError> HeadWriter::finish() {
  put("\r\n");
  if (forbidden_) return std::unexpected(WriteError::forbidden_byte);
  if (used_ > room_.size()) return std::unexpected(WriteError::too_small);
  return used_;
}

}  // namespace signet::http
