#include "portal_api/account_api.h"

#include <cstdint>
#include <utility>

#include "portal_api/answers.h"

namespace signet::portal_api {

using http::Method;

namespace {

enum class Address : std::uint8_t { none, tokens, token, authorize, device_token, grants };

constexpr std::string_view kTokens = "/tokens";
constexpr std::string_view kToken = "/tokens/";

Address address_of(std::string_view path) {
  if (path == kTokens) return Address::tokens;
  if (path == "/device/authorize") return Address::authorize;
  if (path == "/device/token") return Address::device_token;
  if (path == "/device/grants") return Address::grants;
  // Others of /tokens/… belong to somebody else.
  if (path.starts_with(kToken) && is_token_id(path.substr(kToken.size()))) return Address::token;
  return Address::none;
}

bool is_for_everybody(Address address) {
  return address == Address::authorize || address == Address::device_token;
}

// As Allow has them.
std::string_view methods_of(Address address) {
  switch (address) {
    case Address::none: return "";
    case Address::tokens:
    case Address::grants: return "GET, HEAD, POST";
    case Address::token: return "DELETE";
    case Address::authorize:
    case Address::device_token: return "POST";
  }
  return "";
}

bool takes(Address address, Method method) {
  switch (method) {
    case Method::get:
    case Method::head: return address == Address::tokens || address == Address::grants;
    case Method::post: return address != Address::token;
    case Method::delete_: return address == Address::token;
    default: return false;
  }
}

}  // namespace

bool AccountApi::knows(std::string_view path) {
  return address_of(path) != Address::none;
}

bool AccountApi::is_public(std::string_view path) {
  return is_for_everybody(address_of(path));
}

runtime::Task<ApiAnswer> AccountApi::handle(ApiCall call) {
  const auto rules = rules_;  // these, whatever is configured meanwhile
  const Address address = address_of(call.path);
  if (address == Address::none) co_return refused(404, "", "There is no such address.");
  if (!takes(address, call.method)) co_return not_allowed(methods_of(address));
  if (!is_for_everybody(address) && !call.caller) {
    co_return refused(401, "unauthenticated", "Sign in first.", "nobody is signed in");
  }
  const bool asks = call.method != Method::post;
  switch (address) {
    case Address::none: break;
    case Address::tokens: {
      if (asks) co_return tokens_.list(call);
      auto making = tokens_.make(call, *rules);
      co_return co_await std::move(making);
    }
    case Address::token: {
      auto revoking = tokens_.revoke(call, std::string_view(call.path).substr(kToken.size()));
      co_return co_await std::move(revoking);
    }
    case Address::authorize: {
      auto beginning = device_.authorize(call, *rules);
      co_return co_await std::move(beginning);
    }
    case Address::device_token: {
      auto giving = device_.token(call, *rules);
      co_return co_await std::move(giving);
    }
    case Address::grants: {
      auto answering = asks ? device_.show(call) : device_.decide(call);
      co_return co_await std::move(answering);
    }
  }
  co_return refused(404, "", "There is no such address.");
}

}  // namespace signet::portal_api
