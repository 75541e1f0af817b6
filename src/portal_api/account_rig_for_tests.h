#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <simdjson.h>

#include "crypto/random.h"
#include "identity/opaque_token.h"
#include "portal_api/account_api.h"
#include "state/rig_for_tests.h"

namespace signet::portal_api {

using state::kNow;

inline Caller caller_of(const std::string& id, std::int64_t signed_in_at = kNow) {
  Caller caller;
  caller.person.id = id;
  caller.person.groups = {"team-a", "team-b"};
  caller.means = identity::Means::session;
  caller.provider = "corp";
  caller.signed_in_at = signed_in_at;
  return caller;
}

inline Caller admin() {
  Caller caller = caller_of("root@example.com");
  caller.is_admin = true;
  return caller;
}

inline Caller by(identity::Means means, Caller caller = caller_of("ada@example.com")) {
  caller.means = means;
  return caller;
}

inline ApiCall call_of(http::Method method, const std::string& path,
                       std::optional<Caller> caller = caller_of("ada@example.com")) {
  ApiCall call;
  call.method = method;
  call.path = path;
  call.client_address = "192.0.2.7";
  call.caller = std::move(caller);
  return call;
}

inline ApiCall post_json(const std::string& path, const std::string& body,
                         std::optional<Caller> caller = caller_of("ada@example.com")) {
  ApiCall call = call_of(http::Method::post, path, std::move(caller));
  call.content_type = "application/json";
  call.body = body;
  return call;
}

inline ApiCall post_form(const std::string& path, const std::string& body) {
  ApiCall call = call_of(http::Method::post, path, std::nullopt);
  call.content_type = "application/x-www-form-urlencoded";
  call.body = body;
  return call;
}

// The API on a real store, whose clock the test moves.
class AccountRig : protected state::StoreRig {
 protected:
  AccountRig() {
    open();
    begin();
  }
  void begin() {
    api.emplace(*store, random, clock);
    AccountRules rules;
    rules.public_url = "https://mlflow.example.com";
    rules.apps = {"research", "sandbox"};
    api->configure(rules);
  }

  ApiAnswer ask(ApiCall call) { return get(api->handle(std::move(call))); }
  void pass_seconds(std::int64_t seconds) { clock.advance(std::chrono::seconds(seconds)); }
  std::int64_t now() { return clock.unix_seconds(); }

  // A text member of the answer, perhaps of an object in it: "token/id".
  static std::string text(const ApiAnswer& answer, std::string_view path) {
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    if (parser.parse(answer.body).get(root) != simdjson::SUCCESS) return "!" + answer.body;
    std::string_view found;
    if (root.at_pointer("/" + std::string(path)).get(found) != simdjson::SUCCESS) {
      return "-";
    }
    return std::string(found);
  }
  static std::int64_t number(const ApiAnswer& answer, std::string_view path) {
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    std::int64_t found = -1;
    if (parser.parse(answer.body).get(root) != simdjson::SUCCESS) return -1;
    (void)root.at_pointer("/" + std::string(path)).get(found);
    return found;
  }
  // "403 forbidden: message", as one line for tables.
  static std::string said(const ApiAnswer& answer) {
    std::string line = std::to_string(answer.status);
    if (!answer.refusal.empty()) line += " " + answer.refusal;
    if (answer.status >= 400) {
      const std::string error = text(answer, "error");
      line += ": " + (error == "-" ? text(answer, "message") : error);
    }
    return line;
  }
  // What the token with this secret would be told at a request.
  std::string opens(const std::string& secret) {
    identity::OpaqueTokens tokens(clock);
    auto known = tokens.recognise(secret, *store->snapshot());
    return known ? known->person->id : std::string(identity::describe(known.error().problem));
  }
  void revoke_person(const std::string& person) {
    state::Revocation revocation;
    revocation.kind = state::RevocationKind::person;
    revocation.key = person;
    revocation.made_at = now();
    revocation.until = now() + 90 * 86400;
    ASSERT_TRUE(get(store->revoke(revocation)));
  }

  crypto::SystemRandom random;
  std::optional<AccountApi> api;
};

}  // namespace signet::portal_api
