#include "signing/canonical_request.h"

#include <algorithm>

#include "signing/percent_encoding.h"

namespace signet::signing {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

std::string_view trimmed(std::string_view value) {
  while (!value.empty() && is_blank(value.front()))
    value.remove_prefix(1);
  while (!value.empty() && is_blank(value.back()))
    value.remove_suffix(1);
  return value;
}

// Trim() of AWS's page: no blanks at the ends, one space for each run of blanks inside, also within
// quotes.
void append_header_value(std::string& to, std::string_view value) {
  value = trimmed(value);
  // Nearly every value is clean; a session token is long enough for this to matter.
  if (value.find('\t') == value.npos && value.find("  ") == value.npos) {
    to.append(value);
    return;
  }
  bool after_blank = false;
  for (const char c : value) {
    if (is_blank(c)) {
      after_blank = true;
      continue;
    }
    if (after_blank) to.push_back(' ');
    after_blank = false;
    to.push_back(c);
  }
}

}  // namespace

std::string_view CanonicalRequest::write(const Signable& request, PathEncoding encoding) {
  text_.clear();
  text_.append(request.method).push_back('\n');
  const std::string_view path = request.path.empty() ? "/" : request.path;
  if (encoding == PathEncoding::kTwice) {
    append_percent_encoded(text_, path, kUnreservedAndSlash);
  } else {
    text_.append(path);
  }
  text_.push_back('\n');
  append_query(request.query);
  text_.push_back('\n');
  append_headers(request.headers);
  text_.push_back('\n');
  text_.append(signed_headers_).push_back('\n');
  text_.append(request.payload_hash);
  return text_;
}

// Sorted by key, then by value; a key without "=" has the empty value. AWS compares the encoded
// spellings, which are what stands here.
void CanonicalRequest::append_query(std::string_view query) {
  if (query.empty()) return;
  pairs_.clear();
  for (std::size_t begin = 0; begin <= query.size();) {
    const std::size_t end = std::min(query.find('&', begin), query.size());
    const std::string_view pair = query.substr(begin, end - begin);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    pairs_.push_back({pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size()))});
    begin = end + 1;
  }
  std::ranges::sort(pairs_, [](const QueryPair& a, const QueryPair& b) {
    return a.key != b.key ? a.key < b.key : a.value < b.value;
  });
  for (const QueryPair& pair : pairs_) {
    if (&pair != &pairs_.front()) text_.push_back('&');
    text_.append(pair.key).append("=").append(pair.value);
  }
}

// One line per name, in the order of the names; the values of a repeated name are joined with ",".
void CanonicalRequest::append_headers(std::span<const SignedHeader> headers) {
  headers_.assign(headers.begin(), headers.end());
  // Insertion keeps repeated names in their order, needs no memory, and there are few.
  for (auto next = headers_.begin(); next != headers_.end(); ++next) {
    std::rotate(
        std::ranges::upper_bound(headers_.begin(), next, next->name, {}, &SignedHeader::name), next,
        next + 1);
  }
  signed_headers_.clear();
  for (auto header = headers_.begin(); header != headers_.end(); ++header) {
    if (header != headers_.begin() && header->name == (header - 1)->name) {
      text_.back() = ',';
    } else {
      if (!signed_headers_.empty()) signed_headers_.push_back(';');
      signed_headers_.append(header->name);
      text_.append(header->name).push_back(':');
    }
    append_header_value(text_, header->value);
    text_.push_back('\n');
  }
}

std::string normalized_path(std::string_view path) {
  std::vector<std::string_view> kept;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view segment = path.substr(begin, end - begin);
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (!segment.empty() && segment != ".") {
      kept.push_back(segment);
    }
    begin = end + 1;
  }
  std::string normalized;
  for (const std::string_view segment : kept)
    normalized.append("/").append(segment);
  if (kept.empty() || path.ends_with('/')) normalized.push_back('/');
  return normalized;
}

}  // namespace signet::signing
