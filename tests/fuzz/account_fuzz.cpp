// What people and devices send to make tokens and to sign in: what is read keeps its bounds, means
// one thing only, and is refused with words of our own; a secret is one of ours or it is not.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "http/utf8.h"
#include "identity/opaque_token.h"
#include "portal_api/answers.h"
#include "portal_api/token_request.h"
#include "portal_api/user_code.h"

namespace {

using namespace signet;

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_utf8(std::string_view text) {
  http::Utf8Check check;
  const bool good =
      std::ranges::all_of(text, [&](char c) { return check.accept(static_cast<std::uint8_t>(c)); });
  return good && check.complete();
}

void require_each_once(const std::vector<std::string>& texts) {
  require(std::set<std::string>(texts.begin(), texts.end()).size() == texts.size());
}

void read_request(std::string_view text) {
  const auto request = portal_api::read_token_request(text);
  if (!request) {
    require(request.error().ends_with('.'));
    return;
  }
  require(portal_api::is_title(request->title) && is_utf8(request->title));
  require(request->title.size() <= 4 * portal_api::kMostTitleLetters);
  for (const char c : request->title)
    require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
  require(request->at_most >= 1 && request->at_most <= state::kNoNarrowing);
  require(!request->lifetime_days || *request->lifetime_days >= 1);
  require_each_once(request->apps);
  require_each_once(request->groups);
  require(request->groups.size() <= portal_api::kMostRequestedGroups);
  const bool service = request->kind == state::TokenKind::service;
  require(service || request->kind == state::TokenKind::personal);
  require(service != request->groups.empty());
  require(!service || portal_api::is_service_name(request->title));
}

void read_code(std::string_view text) {
  const auto code = portal_api::user_code_from(text);
  if (!code) return;
  require(code->size() == portal_api::kUserCodeLetters);
  require(portal_api::user_code_from(portal_api::shown(*code)) == code);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_request(text);
  if (const auto decision = portal_api::read_grant_decision(text)) {
    require(is_utf8(decision->user_code));
    read_code(decision->user_code);
  }
  read_code(text);
  // Nobody stumbles over a checksum but with a text that is 53 letters long.
  require(!identity::is_well_formed(text) || (size == identity::kSecretSize && is_utf8(text)));
  require(!portal_api::is_media_type(text, "application/json") || size >= 16);
  return 0;
}
