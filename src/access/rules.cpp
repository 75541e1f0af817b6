#include "access/rules.h"

#include <algorithm>

namespace signet::access {

namespace {

bool is_for_admins(Class access) {
  return access == Class::admin || access == Class::admin_read;
}

}  // namespace

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::open: return "open";
    case Reason::any_person: return "any-person";
    case Reason::admin: return "admin";
    case Reason::rule: return "rule";
    case Reason::no_rule: return "no-rule";
    case Reason::forbidden: return "forbidden-by-rule";
    case Reason::too_little: return "too-little";
    case Reason::not_admin: return "not-admin";
    case Reason::token_app: return "token-app";
    case Reason::token_too_little: return "token-too-little";
  }
  return "";
}

Permission needed(Class access) {
  switch (access) {
    case Class::read: return Permission::read;
    case Class::use: return Permission::use;
    case Class::write: return Permission::edit;
    case Class::delete_: return Permission::manage;
    case Class::admin:
    case Class::admin_read:
    case Class::public_: break;
  }
  return Permission::none;
}

Rules::Rules(const config::Access& rules, const std::vector<config::App>& apps, bool open)
    : open_(open) {
  for (const config::App& app : apps)
    app_names_.push_back(app.name);
  add(rules.admins, [](Holding& holding) { holding.admin = true; });
  for (std::size_t i = 0; i < rules.rules.size(); ++i) {
    const config::Rule& rule = rules.rules[i];
    const auto number = static_cast<std::uint16_t>(i);
    add(rule.subjects, [&](Holding& holding) {
      holding.cells.resize(app_names_.size());
      for (std::size_t app = 0; app < app_names_.size(); ++app) {
        const bool meant = std::ranges::any_of(rule.apps, [&](const std::string& pattern) {
          return config::matches(pattern, app_names_[app]);
        });
        if (!meant) continue;
        Cell& cell = holding.cells[app];
        if (rule.permission == Permission::none) {
          if (cell.none_rule == kNoRule) cell.none_rule = number;
        } else if (rule.permission > cell.highest) {
          cell.highest = rule.permission;
          cell.highest_rule = number;
        }
      }
    });
  }
}

void Rules::add(const config::Subjects& subjects, const std::function<void(Holding&)>& change) {
  for (const std::string& person : subjects.people)
    change(people_[person]);
  for (const std::string& group : subjects.groups)
    change(groups_[group]);
}

template <typename Visit>
void Rules::each_holding(const Subject& subject, Visit visit) const {
  const auto look = [&](const Holdings& holdings, std::string_view name) {
    const auto found = holdings.find(name);
    if (found != holdings.end()) visit(found->second);
  };
  look(groups_, config::kEveryone);
  look(people_, subject.person);
  for (const std::string& group : subject.groups) {
    // A provider's group of that name is nobody special.
    if (group != config::kEveryone) look(groups_, group);
  }
}

bool Rules::is_admin(const Subject& subject) const {
  bool admin = false;
  each_holding(subject, [&](const Holding& holding) { admin = admin || holding.admin; });
  return admin;
}

Decision Rules::standing(const Subject& subject, std::size_t app) const {
  Decision decision;
  if (open_) {
    decision.reason = Reason::open;
    decision.has = Permission::manage;
    return decision;
  }
  if (!subject.only_apps.empty() &&
      std::ranges::find(subject.only_apps, app_names_[app]) == subject.only_apps.end()) {
    decision.reason = Reason::token_app;
    return decision;
  }
  bool admin = false;
  Cell sum;
  each_holding(subject, [&](const Holding& holding) {
    admin = admin || holding.admin;
    if (holding.cells.empty()) return;
    const Cell& cell = holding.cells[app];
    if (cell.highest > sum.highest) {
      sum.highest = cell.highest;
      sum.highest_rule = cell.highest_rule;
    }
    sum.none_rule = std::min(sum.none_rule, cell.none_rule);
  });
  if (admin) {
    decision.reason = Reason::admin;
    decision.has = Permission::manage;
  } else if (sum.none_rule != kNoRule) {
    decision.reason = Reason::forbidden;
    decision.rule = sum.none_rule;
  } else if (sum.highest_rule != kNoRule) {
    decision.reason = Reason::rule;
    decision.has = sum.highest;
    decision.rule = sum.highest_rule;
  }
  if (decision.has > subject.at_most) {
    decision.has = subject.at_most;
    decision.reason = Reason::token_too_little;
  }
  return decision;
}

Decision Rules::decide(const Subject& subject, std::size_t app, Class access) const {
  Decision decision = standing(subject, app);
  decision.needs = needed(access);
  if (decision.reason == Reason::open) {
    decision.allowed = true;
  } else if (decision.reason == Reason::token_app) {
    decision.allowed = false;
  } else if (is_for_admins(access)) {
    // A token that gives less than everything is no administrator's.
    decision.allowed = decision.reason == Reason::admin;
    if (!decision.allowed && decision.reason != Reason::token_too_little) {
      decision.reason = Reason::not_admin;
    }
  } else if (access == Class::public_) {
    decision.allowed = true;
    decision.reason = Reason::any_person;
  } else {
    decision.allowed = decision.has >= decision.needs;
    if (!decision.allowed && decision.reason == Reason::rule) decision.reason = Reason::too_little;
    if (decision.allowed && decision.reason == Reason::token_too_little) {
      decision.reason = decision.rule == kNoRule ? Reason::admin : Reason::rule;
    }
  }
  return decision;
}

}  // namespace signet::access
