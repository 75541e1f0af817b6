#include <algorithm>

#include <fmt/format.h>

#include "config/load_parts.h"

namespace signet::config {

namespace {

constexpr std::size_t kMostRules = 10'000;
constexpr std::size_t kLongestName = 1024;

Subjects read_subjects(Reader& reader, Section& section) {
  Subjects subjects;
  for (std::string& person : section.texts("people", kLongestName))
    subjects.people.push_back(person_id(person));
  subjects.groups = section.texts("groups", kLongestName);
  if (std::ranges::find(subjects.people, kEveryone) != subjects.people.end()) {
    reader.warning(section.place_of("people"),
                   fmt::format("{}: a person called everyone; everybody is groups: [everyone]",
                               section.path_of("people")));
  }
  return subjects;
}

// A name that is no app's is most likely a slip of the pen; a pattern may be meant for later ones.
void check_app(Reader& reader, Section& rule, const std::string& app, const Config& config) {
  const bool found =
      std::ranges::any_of(config.apps, [&](const App& each) { return matches(app, each.name); });
  if (found) return;
  if (app.contains('*')) {
    reader.warning(rule.place_of("apps"),
                   fmt::format("{}: \"{}\" fits no app", rule.path_of("apps"), app));
    return;
  }
  std::vector<std::string> names;
  for (const App& each : config.apps)
    names.push_back(each.name);
  std::string_view near = nearest(app, names);
  rule.problem("apps", near.empty()
                           ? fmt::format("there is no app \"{}\"", app)
                           : fmt::format("there is no app \"{}\": did you mean {}?", app, near));
}

void read_rule(Reader& reader, const Node& node, std::size_t index, Config& config) {
  Section entry(reader, &node, fmt::format("access.rules[{}]", index));
  if (!entry.present()) return;
  Rule rule;
  rule.place = node.place;
  rule.subjects = read_subjects(reader, entry);
  if (rule.subjects.empty() && !entry.has("people") && !entry.has("groups")) {
    reader.problem(node.place, fmt::format("access.rules[{}] is for nobody: give groups or people, "
                                           "e.g. groups: [everyone]",
                                           index));
  }
  rule.apps = entry.texts("apps", kLongestName);
  if (!entry.has("apps")) {
    reader.problem(node.place,
                   fmt::format("access.rules[{}] has no apps: give names, or [\"*\"]", index));
  }
  for (const std::string& app : rule.apps)
    check_app(reader, entry, app, config);
  auto permission = entry.choice("permission", {"NO_PERMISSIONS", "READ", "USE", "EDIT", "MANAGE"});
  if (permission) rule.permission = static_cast<Permission>(*permission);
  if (!entry.has("permission")) {
    reader.problem(node.place, fmt::format("access.rules[{}] has no permission: give one of "
                                           "NO_PERMISSIONS, READ, USE, EDIT, MANAGE",
                                           index));
  }
  entry.later({"experiments", "models", "workspaces"});
  entry.close();
  config.access.rules.push_back(std::move(rule));
}

}  // namespace

void load_access(Reader& reader, Section& top, Config& config) {
  Section access = top.section("access");
  if (!top.has("access")) {
    if (config.identity.given) {
      reader.warning(top.place_of("identity"),
                     "there are no access rules: whoever signs in may do nothing; give access");
    }
    return;
  }
  config.access.given = true;
  if (!config.identity.given) {
    top.problem("access",
                "rules are for people, and without identity nobody is known: give "
                "identity, or leave access out");
  }
  Section admins = access.section("admins");
  config.access.admins = read_subjects(reader, admins);
  admins.close();
  std::vector<const Node*> rules = access.list("rules");
  if (rules.size() > kMostRules) {
    access.problem("rules", fmt::format("more than {} rules", kMostRules));
    return;
  }
  for (std::size_t i = 0; i < rules.size(); ++i)
    read_rule(reader, *rules[i], i, config);
  access.close();
}

}  // namespace signet::config
