#include "credentials/sts_answer.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <type_traits>
#include <vector>

#include <expat.h>
#include <fmt/core.h>

#include "credentials/iso_time.h"

namespace signet::credentials {

namespace {

// A text that is looked for: where it is, and how long it may be.
struct Wanted {
  std::string_view path;
  std::size_t max;
  bool cut = false;  // a longer one is cut, not refused
};

enum Part : std::size_t { kId, kSecret, kToken, kExpiration, kCode, kMessage, kParts };

constexpr std::array<Wanted, kParts> kWanted{{
    {"/AssumeRoleResponse/AssumeRoleResult/Credentials/AccessKeyId", 128},
    {"/AssumeRoleResponse/AssumeRoleResult/Credentials/SecretAccessKey", 256},
    {"/AssumeRoleResponse/AssumeRoleResult/Credentials/SessionToken", kMaxSessionToken},
    {"/AssumeRoleResponse/AssumeRoleResult/Credentials/Expiration", 64},
    {"/ErrorResponse/Error/Code", 128},
    {"/ErrorResponse/Error/Message", 1024, true},
}};

bool is_graphic(char c) {
  return c > 0x20 && c < 0x7F;
}

class Reader {
 public:
  Reader() : parser_(XML_ParserCreate("UTF-8")) {
    XML_SetUserData(parser_.get(), this);
    XML_SetElementHandler(parser_.get(), start, end);
    XML_SetCharacterDataHandler(parser_.get(), characters);
    // Both: entities can only be declared in a document type.
    XML_SetStartDoctypeDeclHandler(parser_.get(), doctype);
    XML_SetEntityDeclHandler(parser_.get(), entity);
  }
  ~Reader() {
    crypto::wipe(parts_[kSecret]);
    crypto::wipe(parts_[kToken]);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  std::variant<Keys, StsRefusal, StsGarbage> read(std::string_view xml) {
    if (xml.size() > kMaxStsAnswer) return StsGarbage{"larger than 1 MiB"};
    auto status = XML_Parse(parser_.get(), xml.data(), static_cast<int>(xml.size()), XML_TRUE);
    if (problem_ != nullptr) return StsGarbage{problem_};
    if (status != XML_STATUS_OK) {
      return StsGarbage{
          fmt::format("not XML: {}", XML_ErrorString(XML_GetErrorCode(parser_.get())))};
    }
    if (found_[kCode]) return refusal();
    return keys();
  }

 private:
  std::variant<Keys, StsRefusal, StsGarbage> refusal() {
    bool fine = !parts_[kCode].empty() && std::ranges::all_of(parts_[kCode], [](char c) {
      return is_graphic(c) && !std::string_view("\"'<>&\\").contains(c);
    });
    if (!fine) return StsGarbage{"an error whose code is none"};
    std::string& message = parts_[kMessage];
    std::ranges::replace_if(message, [](char c) { return c < 0x20 || c > 0x7E; }, ' ');
    return StsRefusal{std::move(parts_[kCode]), std::move(message)};
  }

  std::variant<Keys, StsRefusal, StsGarbage> keys() {
    for (Part part : {kId, kSecret, kToken, kExpiration}) {
      if (parts_[part].empty()) {
        std::string_view path = kWanted[part].path;
        return StsGarbage{fmt::format("without {}", path.substr(path.rfind('/') + 1))};
      }
      // They become header fields.
      if (!std::ranges::all_of(parts_[part], is_graphic)) {
        return StsGarbage{"credentials with characters that no credentials have"};
      }
    }
    auto expires = parse_iso_time(parts_[kExpiration]);
    if (!expires) return StsGarbage{"an expiration that is not a time"};
    Keys keys;
    keys.key.id = std::move(parts_[kId]);
    // Copied: the originals have room for the longest.
    keys.key.secret = std::string(parts_[kSecret]);
    keys.key.token = std::string(parts_[kToken]);
    keys.expires = expires;
    return keys;
  }

  void stop(const char* problem) {
    if (problem_ == nullptr) problem_ = problem;
    XML_StopParser(parser_.get(), XML_FALSE);
  }

  void open(std::string_view name) {
    if (depths_.size() == kMaxXmlDepth) return stop("elements nested too deeply");
    if (++elements_ > kMaxXmlElements) return stop("too many elements");
    depths_.push_back(path_.size());
    // Long names match nothing, and must not make the path grow.
    path_ += '/';
    path_ += name.substr(0, 64);
    current_.reset();
    for (std::size_t i = 0; i < kParts; ++i) {
      if (path_ != kWanted[i].path) continue;
      if (found_[i]) return stop("an element that is there twice");
      found_[i] = true;
      current_ = i;
    }
  }

  void close() {
    // expat ends an empty element even when its start stopped the parser.
    if (problem_ != nullptr) return;
    path_.resize(depths_.back());
    depths_.pop_back();
    current_.reset();
  }

  void append(std::string_view text) {
    if (!current_ || problem_ != nullptr) return;
    std::string& part = parts_[*current_];
    std::size_t room = kWanted[*current_].max - part.size();
    if (text.size() > room && !kWanted[*current_].cut) return stop("an element that is too long");
    // Grown by hand: growing leaves pieces of secrets behind otherwise.
    if (part.capacity() < kWanted[*current_].max) part.reserve(kWanted[*current_].max);
    part += text.substr(0, room);
  }

  static Reader& of(void* self) { return *static_cast<Reader*>(self); }
  static void XMLCALL start(void* self, const XML_Char* name, const XML_Char**) {
    of(self).open(name);
  }
  static void XMLCALL end(void* self, const XML_Char*) { of(self).close(); }
  static void XMLCALL characters(void* self, const XML_Char* text, int length) {
    of(self).append({text, static_cast<std::size_t>(length)});
  }
  static void XMLCALL doctype(void* self, const XML_Char*, const XML_Char*, const XML_Char*, int) {
    of(self).stop("a document type");
  }
  static void XMLCALL entity(void* self, const XML_Char*, int, const XML_Char*, int,
                             const XML_Char*, const XML_Char*, const XML_Char*, const XML_Char*) {
    of(self).stop("an entity of its own");
  }

  struct Free {
    void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
  };
  std::unique_ptr<std::remove_pointer_t<XML_Parser>, Free> parser_;
  const char* problem_ = nullptr;
  std::string path_;
  std::vector<std::size_t> depths_;
  std::size_t elements_ = 0;
  std::optional<std::size_t> current_;
  std::array<bool, kParts> found_{};
  std::array<std::string, kParts> parts_;
};

}  // namespace

std::variant<Keys, StsRefusal, StsGarbage> parse_sts_answer(std::string_view xml) {
  return Reader().read(xml);
}

}  // namespace signet::credentials
