#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "access/endpoint.h"
#include "config/access.h"
#include "config/config.h"

namespace signet::access {

using config::Permission;

// Who asks, as far as permissions go. Borrowed.
struct Subject {
  std::string_view person;
  std::span<const std::string> groups;
  // Of a token: it never gives more than this, nor anything on other apps.
  Permission at_most = Permission::manage;
  std::span<const std::string> only_apps = {};  // empty: all
};

inline constexpr std::uint16_t kNoRule = std::numeric_limits<std::uint16_t>::max();

// Why a decision fell as it did.
enum class Reason : std::uint8_t {
  open,             // there is no identity: everything is allowed
  any_person,       // every signed-in person may
  admin,            // an administrator
  rule,             // a rule gives enough
  no_rule,          // no rule gives anything
  forbidden,        // a rule says NO_PERMISSIONS
  too_little,       // what the rules give is not enough
  not_admin,        // only administrators may
  token_app,        // the token is not for this app
  token_too_little  // the token gives less than its owner has
};
std::string_view to_string(Reason reason);

struct Decision {
  bool allowed = false;
  Reason reason = Reason::no_rule;
  Permission has = Permission::none;    // after the token's narrowing
  Permission needs = Permission::none;  // none: any person, or an administrator
  std::uint16_t rule = kNoRule;         // index into access.rules of the one that decided
};

// What a permission of the contract a class takes; none for public, admin and admin_read, which
// hang on no permission.
Permission needed(Class access);

// The configuration's rules (design §1.5), turned round: what each group and person has on each
// app. Immutable; safe to use from every thread.
class Rules {
 public:
  // `apps` in the configuration's order: decide() takes an index into it. Without `rules.given` and
  // with `open` everybody may do everything.
  Rules(const config::Access& rules, const std::vector<config::App>& apps, bool open);

  // May the subject do something of this class on this app? Its cost grows with the subject's
  // groups, and with nothing else.
  Decision decide(const Subject& subject, std::size_t app, Class access) const;
  // What the subject has on the app by rules or as an administrator, narrowed by its token.
  Decision standing(const Subject& subject, std::size_t app) const;
  bool is_admin(const Subject& subject) const;

 private:
  // What one group or person has on one app.
  struct Cell {
    std::uint16_t highest_rule = kNoRule;
    std::uint16_t none_rule = kNoRule;
    Permission highest = Permission::none;
  };
  struct Holding {
    bool admin = false;
    std::vector<Cell> cells;  // by app; empty: nothing on any
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  using Holdings = std::unordered_map<std::string, Holding, Hash, std::equal_to<>>;

  void add(const config::Subjects& subjects, const std::function<void(Holding&)>& change);
  template <typename Visit>
  void each_holding(const Subject& subject, Visit visit) const;

  bool open_;
  std::vector<std::string> app_names_;
  Holdings people_;
  Holdings groups_;
};

}  // namespace signet::access
