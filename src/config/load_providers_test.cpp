#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "config/environment_for_tests.h"
#include "config/load.h"

namespace signet::config {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kAccess =
    "access: {rules: [{groups: [everyone], apps: [\"*\"], permission: READ}]}\n";
constexpr std::string_view kApp =
    "apps: [{name: a, kind: mlflow, endpoint: \"http://127.0.0.1:1\"}]\n";
constexpr std::string_view kOwnHost =
    "apps: [{name: a, kind: mlflow, endpoint: \"http://127.0.0.1:1\", "
    "public_url: \"https://a.example.com\"}]\n";
constexpr std::string_view kSigner =
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/signet/50dc6c495c0c9188";

std::string told(const std::string& text, const TestEnvironment& environment = {}) {
  auto config = load_text("f", text, environment);
  std::string all;
  const Problems& problems = config ? config->warnings : config.error();
  for (const Problem& problem : problems)
    all += (config ? "warning: " : "") + problem.text() + '\n';
  return all;
}

// A provider on line 3, then what a test is about.
std::string with(std::string_view provider, std::string_view more = "") {
  return fmt::format("{}{}identity: {{providers: [{{{}}}]}}\n{}", kApp, kAccess, provider, more);
}
// identity on line 3.
std::string identity(std::string_view fields, std::string_view more = "") {
  return fmt::format("{}{}identity: {{{}}}\n{}", kApp, kAccess, fields, more);
}

TEST(LoadProviders, EveryAcceptedKey) {
  TestEnvironment environment;
  environment.files["/secret"] = "c0rp\n";
  environment.variables["KEY"] = "0123456789abcdef0123456789abcdef";
  const std::string text = fmt::format(R"(
public_url: https://mlflow.example.com
listen: [{{address: "0.0.0.0:8080"}}]
trusted_proxies: [10.0.0.0/8]
{}{}
state: {{sqlite: /state/db, max_stale: 5m}}
identity:
  providers:
    - name: corp
      title: Company login
      issuer: https://login.example.com/tenant
      client_id: signet
      client_secret: "${{file:/secret}}"
      scopes: [openid, email, offline_access, "https://x/y.z"]
      claims: {{person: upn, name: display, groups: realm_access.roles}}
      require: {{hd: example.com, tid: [a, b]}}
      groups: [staff]
      unverified_email: true
    - {{name: other, issuer: "https://login.example.com/tenant", client_id: public, claims: {{person: upn}}}}
  session: {{idle: 30m, lifetime: 8h, refresh: 5m, keys: ["${{env:KEY}}", abcdefghijklmnopqrstuvwxyz012345]}}
  tokens: {{max_lifetime: 366d}}
  load_balancer:
    signer: {}
    client_id: alb
    issuer: https://login.example.com/other
    claims: {{person: email, name: n, groups: g}}
    require: {{hd: [example.com]}}
    groups: [behind-alb]
    unverified_email: true
    keys: https://keys.example.com/alb
  aws_roles:
    - {{arn: "arn:aws:iam::123456789012:role/train-*", groups: [training]}}
    - {{arn: "arn:aws-us-gov:iam::123456789012:role/Exactly_this"}}
)",
                                       kApp, kAccess, kSigner);
  auto config = load_text("f", text, environment);
  ASSERT_TRUE(config) << told(text, environment);
  EXPECT_EQ(config->state.max_stale, 5min);
  const Identity& identity = config->identity;
  ASSERT_EQ(identity.providers.size(), 2u);
  const Provider& corp = identity.providers[0];
  EXPECT_EQ(corp.name, "corp");
  EXPECT_EQ(corp.title, "Company login");
  EXPECT_EQ(corp.issuer, "https://login.example.com/tenant");
  EXPECT_EQ(corp.url.path, "/tenant");
  EXPECT_EQ(corp.client_id, "signet");
  EXPECT_EQ(corp.client_secret.reveal(), "c0rp");
  EXPECT_EQ(corp.scopes,
            (std::vector<std::string>{"openid", "email", "offline_access", "https://x/y.z"}));
  EXPECT_EQ(corp.claims.person, "upn");
  EXPECT_EQ(corp.claims.name, "display");
  EXPECT_EQ(corp.claims.groups, "realm_access.roles");
  ASSERT_EQ(corp.require.size(), 2u);
  EXPECT_EQ(corp.require[1].values, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(corp.groups, std::vector<std::string>{"staff"});
  EXPECT_TRUE(corp.unverified_email);
  EXPECT_EQ(corp.place, (Place{11, 7}));
  const Provider* other = identity.provider("other");
  ASSERT_NE(other, nullptr);
  EXPECT_EQ(other->title, "other");
  EXPECT_TRUE(other->client_secret.empty());
  EXPECT_EQ(other->scopes, (std::vector<std::string>{"openid", "email", "profile"}));
  EXPECT_FALSE(other->unverified_email);
  EXPECT_EQ(identity.session.idle, 30min);
  EXPECT_EQ(identity.session.lifetime, 8h);
  EXPECT_EQ(identity.session.refresh, 5min);
  ASSERT_EQ(identity.session.keys.size(), 2u);
  EXPECT_EQ(identity.session.keys[0].reveal(), "0123456789abcdef0123456789abcdef");
  EXPECT_EQ(identity.tokens.max_lifetime, 366 * 24h);
  const LoadBalancer& balancer = identity.load_balancer;
  EXPECT_TRUE(balancer.given);
  EXPECT_EQ(balancer.signer, kSigner);
  EXPECT_EQ(balancer.region, "eu-west-1");
  EXPECT_EQ(balancer.client_id, "alb");
  EXPECT_EQ(balancer.issuer, "https://login.example.com/other");
  EXPECT_EQ(balancer.claims.groups, "g");
  EXPECT_EQ(balancer.require.size(), 1u);
  EXPECT_EQ(balancer.groups, std::vector<std::string>{"behind-alb"});
  EXPECT_TRUE(balancer.unverified_email);
  EXPECT_EQ(balancer.keys.text(), "https://keys.example.com/alb");
  ASSERT_EQ(identity.aws_roles.size(), 2u);
  EXPECT_EQ(identity.aws_roles[0].arn, "arn:aws:iam::123456789012:role/train-*");
  EXPECT_EQ(identity.aws_roles[0].groups, std::vector<std::string>{"training"});
}

TEST(LoadProviders, Defaults) {
  auto config =
      load_text("f", with("name: corp, issuer: \"http://127.0.0.1:9000\", client_id: signet"),
                TestEnvironment());
  ASSERT_TRUE(config);
  const Identity& identity = config->identity;
  EXPECT_EQ(identity.providers[0].claims.person, "email");
  EXPECT_EQ(identity.session.idle, 1h);
  EXPECT_EQ(identity.session.lifetime, 12h);
  EXPECT_EQ(identity.session.refresh, 15min);
  EXPECT_TRUE(identity.session.keys.empty());
  EXPECT_EQ(identity.tokens.max_lifetime, 90 * 24h);
  EXPECT_FALSE(identity.load_balancer.given);
  EXPECT_EQ(config->state.max_stale, 15min);
  // Nobody asked for an hour.
  config = load_text("f",
                     with("name: corp, issuer: \"https://a\", client_id: signet}], "
                          "session: {lifetime: 20m}, aws_roles: [{arn: "
                          "\"arn:aws:iam::123456789012:role/x\""),
                     TestEnvironment());
  ASSERT_TRUE(config);
  EXPECT_EQ(config->identity.session.idle, 20min);
}

TEST(LoadProviders, KeysOfLoadBalancers) {
  for (auto [partition, region, address] : std::vector<std::array<std::string_view, 3>>{
           {"aws", "eu-west-1", "https://public-keys.auth.elb.eu-west-1.amazonaws.com"},
           {"aws-us-gov", "us-gov-west-1",
            "https://s3-us-gov-west-1.amazonaws.com/aws-elb-public-keys-prod-us-gov-west-1"}}) {
    auto config = load_text(
        "f",
        identity(fmt::format("load_balancer: {{signer: \"arn:{}:elasticloadbalancing:{}:"
                             "123456789012:loadbalancer/app/a-b/50dc\", client_id: x, issuer: "
                             "\"https://a.example.com\"}}",
                             partition, region),
                 "trusted_proxies: [10.0.0.0/8]\n"),
        TestEnvironment());
    ASSERT_TRUE(config);
    EXPECT_EQ(config->identity.load_balancer.keys.text(), address);
  }
}

struct Row {
  std::string text;
  std::string problem;
};

void expect_told(const std::vector<Row>& rows) {
  for (const auto& [text, problem] : rows) {
    EXPECT_EQ(told(text), problem.empty() ? "" : "f:" + problem + "\n") << text;
  }
}

constexpr std::string_view kCorp =
    "name: corp, issuer: \"https://login.example.com\", client_id: signet";

std::string corp(std::string_view more) {
  return with(fmt::format("{}, {}", kCorp, more));
}

TEST(LoadProviders, BadProviders) {
  expect_told({
      {with("issuer: \"https://a\", client_id: x"),
       "3:24: identity.providers[0] has no name: give one, e.g. corp"},
      {with("name: a, client_id: x"),
       "3:24: identity.providers[0] has no issuer: give what its tokens have as iss, e.g. "
       "https://login.example.com"},
      {with("name: a, issuer: \"https://a\""),
       "3:24: identity.providers[0] has no client_id: give the one that the provider has for it"},
      {with("name: A, issuer: \"https://a\", client_id: x"),
       "3:31: identity.providers[0].name: \"A\" is not a name for a path: write up to 63 "
       "lower-case letters, digits and hyphens, no hyphen first"},
      {with("name: a/b, issuer: \"https://a\", client_id: x"),
       "3:31: identity.providers[0].name: \"a/b\" is not a name for a path: write up to 63 "
       "lower-case letters, digits and hyphens, no hyphen first"},
      {with("name: a, issuer: \"http://a.example.com\", client_id: x"),
       "3:42: identity.providers[0].issuer: its keys come over plain http, so anybody on the way "
       "could replace them: write https://"},
      {with("name: a, issuer: \"https://a?b\", client_id: x"),
       "3:42: identity.providers[0].issuer: \"https://a?b\" has a query or fragment: leave it out"},
      {with("name: a, issuer: \"https://a\", client_id: 5"),
       "3:66: identity.providers[0].client_id: this is a number: write it in quotes, \"5\""},
      {with("name: a, issuer: \"https://a\", client_id: \"a\\tb\""),
       "3:66: identity.providers[0].client_id: no client has such an id: write up to 1024 "
       "characters of ASCII"},
      {corp(fmt::format("title: {}", std::string(201, 'x'))),
       "3:100: identity.providers[0].title: longer than 200 bytes: shorten it"},
      {corp("client_secret: 5"),
       "3:108: identity.providers[0].client_secret: this is a number: write text, in quotes"},
      {corp("client_secret: \"${env:NONE}\""),
       "3:108: identity.providers[0].client_secret: the environment variable NONE is not set: set "
       "it"},
      {corp("scopes: [email]"),
       "3:101: identity.providers[0].scopes: without openid the provider does not say who "
       "somebody is: add it"},
      {corp("scopes: openid email"),
       "3:101: identity.providers[0].scopes: \"openid email\" is not a scope: write a list of "
       "words, e.g. [openid, email]"},
      {corp("scopes: []"),
       "3:101: identity.providers[0].scopes: the list is empty: give a value or leave the key out"},
      {corp("claims: {email: mail}"),
       "3:102: unknown key \"identity.providers[0].claims.email\": known here are person, name, "
       "groups"},
      {corp("require: {a: 1}"),
       "3:106: identity.providers[0].require.a: this is a number: write it in quotes, \"1\""},
      {corp("unverified_email: yes"),
       "3:111: identity.providers[0].unverified_email: this is text: write true or false"},
      {corp("audience: x"),
       "3:93: unknown key \"identity.providers[0].audience\": known here are name, title, issuer, "
       "client_id, client_secret, scopes, require, claims, groups, unverified_email"},
      {with("name: a, issuer: \"https://accounts.google.com\", client_id: x"),
       "3:42: identity.providers[0].issuer: anybody can get a token of this issuer: give require, "
       "e.g. require: {hd: example.com}"},
      {with("name: a, issuer: \"https://accounts.google.com\", client_id: x, "
            "require: {hd: example.com}"),
       ""},
      {with(fmt::format("{}}}, {{name: corp, issuer: \"https://login.example.com\", client_id: y",
                        kCorp)),
       "3:94: a second provider named corp, the first is at line 3: give each its own name"},
      {with(fmt::format("{}}}, {{name: b, issuer: \"https://login.example.com\", client_id: signet",
                        kCorp)),
       "3:94: a second provider with the issuer https://login.example.com and the client_id "
       "signet, the first is at line 3: keep one"},
      {with(fmt::format("{}}}, {{name: b, issuer: \"https://login.example.com\", client_id: y",
                        kCorp)),
       ""},
      {identity("providers: [5]"),
       "3:24: identity.providers[0] is a number: write a mapping of keys and values"},
      {identity("providers: []"), ""},
      {identity("session: {idle: 5m}"),
       "3:11: identity: there is no way for anybody to be known: give providers, load_balancer, "
       "bearer or aws_roles"},
      {with(kCorp, "log: {audit: off}\n"),
       "4:14: log.audit: what people do is recorded where they are known: write stdout or a file"},
  });
}

TEST(LoadProviders, AddressesForCookies) {
  expect_told({
      {with(kCorp, "public_url: http://mlflow.example.com\n"),
       "4:13: public_url: people sign in, and browsers keep a session's cookie only for https: "
       "write https://"},
      {with(kCorp, "public_url: http://localhost:8080\n"), ""},
      {with(kCorp, "public_url: https://mlflow.example.com\n"), ""},
      {with(kCorp, "listen: [{address: \"127.0.0.1:0\"}]\n"), ""},
      {with(kCorp, "listen: [{address: \"0.0.0.0:1\"}]\n"),
       "4:9: public_url is missing: give what people type, e.g. https://mlflow.example.com"},
      {with(kCorp, "listen: [{address: \"127.0.0.1:1\"}, {address: \"0.0.0.0:2\"}]\n"),
       "4:9: public_url is missing, and providers send people back to it: give what people type, "
       "e.g. https://mlflow.example.com"},
      {fmt::format("{}{}identity: {{providers: [{{{}}}]}}\n", kOwnHost, kAccess, kCorp),
       "1:8: app a: an app on a host of its own cannot be signed in to in this version: leave "
       "public_url out"},
      // Machines bring their tokens to every host.
      {fmt::format("{}{}identity: {{bearer: [{{issuer: \"https://a\", audience: s}}]}}\n", kOwnHost,
                   kAccess),
       ""},
      {identity("bearer: [{issuer: \"https://a\", audience: s}]",
                "public_url: http://mlflow.example.com\n"),
       ""},
  });
}

TEST(LoadProviders, BadSessionsAndTokens) {
  const auto session = [](std::string_view fields) {
    return identity(fmt::format("bearer: [], session: {{{}}}", fields));
  };
  const auto tokens = [](std::string_view fields) {
    return identity(fmt::format("bearer: [], tokens: {{{}}}", fields));
  };
  expect_told({
      {session("idle: 900ms"), "3:40: identity.session.idle: write 1s to 30d"},
      {session("lifetime: 31d"), "3:44: identity.session.lifetime: write 1s to 30d"},
      {session("refresh: 5"),
       "3:43: identity.session.refresh: 5 has no unit: write one of ms, s, m, h, d behind it, e.g. "
       "10s"},
      {session("idle: 2h, lifetime: 1h"),
       "3:40: identity.session.idle: 2h is longer than a session may last, 1h: shorten it, or give "
       "a longer lifetime"},
      {session("idle: 13h"),
       "3:40: identity.session.idle: 13h is longer than a session may last, 12h: shorten it, or "
       "give a longer lifetime"},
      {session("idle: 1h, lifetime: 1h, refresh: 30d"), ""},
      {session("keys: []"),
       "3:40: identity.session.keys: the list is empty: give a key (openssl rand -base64 32) or "
       "leave the list out"},
      {session("keys: abc"), "3:40: identity.session.keys: this is text: write a list"},
      {session("keys: [\"0123456789abcdef0123456789abcde\"]"),
       "3:41: identity.session.keys[0]: it has 31 bytes, and a key has at least 32: make one with "
       "openssl rand -base64 32"},
      {session("keys: [a123456789abcdef0123456789abcdef, a123456789abcdef0123456789abcdef]"),
       "3:75: identity.session.keys[1]: this key is there twice: keep one"},
      {session("keys: [12345678901234567890123456789012]"),
       "3:41: identity.session.keys[0]: this is a number: write text, in quotes"},
      {session("keys: [\"${file:/none}\"]"),
       "3:41: identity.session.keys[0]: cannot read the file /none: No such file or directory"},
      {session("key: a"), "3:34: unknown key \"identity.session.key\": did you mean \"keys\"?"},
      {tokens("max_lifetime: 59m"), "3:47: identity.tokens.max_lifetime: write 1h to 366d"},
      {tokens("max_lifetime: 367d"), "3:47: identity.tokens.max_lifetime: write 1h to 366d"},
      {tokens("lifetime: 1d"),
       "3:33: unknown key \"identity.tokens.lifetime\": known here are max_lifetime"},
      {identity("bearer: []", "state: {max_stale: 0s}\n"), "4:20: state.max_stale: write 1s to 1d"},
  });
}

TEST(LoadProviders, BadLoadBalancersAndRoles) {
  const auto balancer = [](std::string_view fields) {
    return identity(fmt::format("load_balancer: {{{}}}", fields),
                    "trusted_proxies: [10.0.0.0/8]\n");
  };
  const auto signer = [&](std::string_view arn, std::string_view more = "") {
    return balancer(
        fmt::format("signer: \"{}\", client_id: x, issuer: \"https://a\"{}", arn, more));
  };
  const auto role = [](std::string_view arn) {
    return identity(fmt::format("aws_roles: [{{arn: \"{}\"}}]", arn));
  };
  constexpr std::string_view kShape =
      "write arn:aws:elasticloadbalancing:REGION:ACCOUNT:loadbalancer/app/NAME/ID";
  const auto not_signer = [&](std::string_view arn, std::string_view why) {
    return Row{signer(arn),
               fmt::format("3:36: identity.load_balancer.signer: \"{}\" {}: {}", arn, why, kShape)};
  };
  const auto not_role = [&](std::string_view arn, std::string_view why) {
    return Row{role(arn), fmt::format("3:30: identity.aws_roles[0].arn: \"{}\" {}", arn, why)};
  };
  const std::string prefix = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:";
  expect_told({
      {signer(kSigner), ""},
      {identity(fmt::format("load_balancer: {{signer: \"{}\", client_id: x, issuer: "
                            "\"https://a\"}}",
                            kSigner)),
       "3:27: identity.load_balancer: without trusted_proxies nobody could tell the load balancer "
       "from others: give the addresses of its subnets, e.g. trusted_proxies: [10.0.0.0/16]"},
      {balancer("client_id: x, issuer: \"https://a\""),
       "3:27: identity.load_balancer has no signer: give the ARN of the load balancer"},
      {balancer(fmt::format("signer: \"{}\", issuer: \"https://a\"", kSigner)),
       "3:27: identity.load_balancer has no client_id: give the one that the provider has for it"},
      {balancer(fmt::format("signer: \"{}\", client_id: x", kSigner)),
       "3:27: identity.load_balancer has no issuer: give what its tokens have as iss, e.g. "
       "https://login.example.com"},
      {signer(kSigner, ", keys: \"http://a.example.com\""),
       "3:173: identity.load_balancer.keys: over plain http anybody on the way could replace them: "
       "write https://"},
      {signer(kSigner, ", keys: \"http://127.0.0.1:1/k\""), ""},
      {signer("arn:aws-cn:elasticloadbalancing:cn-north-1:123456789012:loadbalancer/app/a/b",
              ", keys: \"https://a\""),
       ""},
      {signer("arn:aws-cn:elasticloadbalancing:cn-north-1:123456789012:loadbalancer/app/a/b"),
       "3:36: identity.load_balancer.signer: where its public keys are is not known for the "
       "partition aws-cn: give keys"},
      not_signer(prefix + "loadbalancer/net/a/b", "is not an Application Load Balancer"),
      not_signer(prefix + "targetgroup/a/b", "is not an Application Load Balancer"),
      not_signer(prefix + "loadbalancer/app/a", "has a name or an id that cannot be"),
      not_signer(prefix + "loadbalancer/app//b", "has a name or an id that cannot be"),
      not_signer(prefix + "loadbalancer/app/a/b/c", "has a name or an id that cannot be"),
      not_signer(prefix + "loadbalancer/app/a/*", "has a name or an id that cannot be"),
      not_signer("arn:aws:elasticloadbalancing:a.evil/:123456789012:loadbalancer/app/a/b",
                 "has no region"),
      not_signer("arn:aws:elasticloadbalancing:eu-west-1:12:loadbalancer/app/a/b",
                 "has an account that is not 12 digits"),
      not_signer("arn:aws:s3:::bucket", "is not of the service Elastic Load Balancing"),
      not_signer("x", "has fewer than six parts"),
      {role("arn:aws:iam::123456789012:role/a*"), ""},
      not_role("arn:aws:iam::123456789012:role/*",
               "would let every role of the account in: write some of the name before the *"),
      not_role("arn:aws:iam::123456789012:role/a*b",
               "has a * before its end: write it last, behind some of the name"),
      not_role("arn:aws:iam::*:role/a",
               "has a * before its end: write it last, behind some of the name"),
      not_role("arn:aws:iam::123456789012:role/a**",
               "has a * before its end: write it last, behind some of the name"),
      not_role("arn:aws:iam::123456789012:role/team/a*",
               "has a path, and AWS does not tell the path of a role that proves itself: write "
               "role/NAME alone"),
      not_role("arn:aws:iam::12345678901:role/a",
               "has an account that is not 12 digits: write arn:aws:iam::ACCOUNT:role/NAME"),
      not_role("arn:aws:iam::123456789012:user/a",
               "is not a role: write arn:aws:iam::ACCOUNT:role/NAME"),
      not_role("arn:aws:sts::123456789012:assumed-role/a/b",
               "is not of the service iam: write arn:aws:iam::ACCOUNT:role/NAME"),
      {identity("aws_roles: [{groups: [a]}]"),
       "3:24: identity.aws_roles[0] has no arn: give the role's, e.g. "
       "arn:aws:iam::123456789012:role/train-*"},
      {identity("aws_roles: [{arn: \"arn:aws:iam::123456789012:role/a\"}, {arn: "
                "\"arn:aws:iam::123456789012:role/a\"}]"),
       "3:73: identity.aws_roles[1].arn: arn:aws:iam::123456789012:role/a is there twice: keep "
       "one"},
  });
}

TEST(LoadProviders, SourcesThatNameOtherPeople) {
  const auto sources = [](std::string_view provider, std::string_view balancer,
                          std::string_view bearer, std::string_view more = "") {
    return identity(
        fmt::format(
            "providers: [{{name: a, client_id: x, issuer: \"https://{}\"}}], "
            "load_balancer: {{signer: \"{}\", client_id: y, issuer: \"https://{}\"}}, "
            "bearer: [{{audience: s, claims: {{person: email}}, issuer: \"https://{}\"}}]{}",
            provider, kSigner, balancer, bearer, more),
        "trusted_proxies: [10.0.0.0/8]\n");
  };
  const auto clash = [](std::string_view place, std::string_view other) {
    return fmt::format(
        "{}: https://a.example and https://{} both name people by email, so one "
        "could name somebody of the other: use another claim, or say same_people: "
        "true if they are the same people",
        place, other);
  };
  expect_told({
      {sources("a.example", "a.example", "a.example"), ""},
      {sources("a.example", "b.example", "a.example"), clash("3:94", "b.example")},
      {sources("a.example", "a.example", "b.example"), clash("3:252", "b.example")},
      {sources("a.example", "b.example", "c.example", ", same_people: true"), ""},
      {with(
           "name: a, client_id: x, issuer: \"https://a.example\"}, {name: b, client_id: x, issuer: "
           "\"https://b.example\""),
       clash("3:78", "b.example")},
      {with(
           "name: a, client_id: x, issuer: \"https://a.example\"}, {name: b, client_id: x, issuer: "
           "\"https://b.example\", claims: {person: upn}"),
       ""},
  });
}

}  // namespace
}  // namespace signet::config
