#pragma once

#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "portal_api/account_rig_for_tests.h"

namespace signet::portal_api {

inline constexpr std::string_view kBegin = "client_id=signet-cli";
inline const std::string kDeviceType =
    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";

// A device, and a person with a browser.
class DeviceRig : protected AccountRig {
 protected:
  ApiAnswer authorize(const std::string& form = std::string(kBegin)) {
    return ask(post_form("/device/authorize", form));
  }
  ApiAnswer token(const std::string& form) { return ask(post_form("/device/token", form)); }
  ApiAnswer poll(const std::string& code) {
    return token(kDeviceType + "&client_id=signet-cli&device_code=" + code);
  }
  ApiAnswer renew(const std::string& renewal) {
    return token("grant_type=refresh_token&client_id=signet-cli&refresh_token=" + renewal);
  }
  ApiAnswer show(const std::string& user_code, Caller caller = caller_of("ada@example.com")) {
    ApiCall call = call_of(http::Method::get, "/device/grants", std::move(caller));
    call.query = "user_code=" + user_code;
    return ask(call);
  }
  ApiAnswer decide(const std::string& user_code, bool approve, std::optional<Caller> caller) {
    return ask(post_json("/device/grants",
                         fmt::format(R"({{"user_code":"{}","approve":{}}})", user_code, approve),
                         std::move(caller)));
  }
  // Signed in with a browser just now.
  Caller ada() { return caller_of("ada@example.com", now()); }
  // A whole sign-in; the last answer has the tokens.
  ApiAnswer sign_in(Caller who) {
    const ApiAnswer begun = authorize();
    const ApiAnswer decided = decide(text(begun, "user_code"), true, std::move(who));
    EXPECT_EQ(decided.status, 204) << decided.body;
    return poll(text(begun, "device_code"));
  }
  ApiAnswer sign_in() { return sign_in(ada()); }
  const state::Token& record(const std::string& secret) {
    const state::Token* found = store->snapshot()->find_token(identity::token_hash(secret));
    EXPECT_NE(found, nullptr);
    static const state::Token kNone;
    return found == nullptr ? kNone : *found;
  }
  // "error: description"
  static std::string error(const ApiAnswer& answer) {
    return std::to_string(answer.status) + " " + text(answer, "error");
  }
};

}  // namespace signet::portal_api
