#include "config/load.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "config/environment_for_tests.h"

namespace signet::config {
namespace {

constexpr std::string_view kApp =
    "apps: [{name: a, kind: mlflow, endpoint: \"http://127.0.0.1:1\"}]\n";
constexpr std::string_view kSigned =
    "apps:\n"
    "  - name: a\n"
    "    kind: sagemaker-app\n"
    "    arn: arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-ABC\n";

Config good(const std::string& text, const TestEnvironment& environment = {}) {
  auto config = load_text("f.yaml", text, environment);
  if (!config) {
    for (const Problem& problem : config.error())
      ADD_FAILURE() << problem.text() << '\n' << text;
    return {};
  }
  return *config;
}

std::string problems(std::string_view text, const TestEnvironment& environment = {}) {
  auto config = load_text("f", text, environment);
  std::string all;
  if (config) return all;
  for (const Problem& problem : config.error())
    all += problem.text() + '\n';
  return all;
}

TEST(Load, ThreeLinesAreEnough) {
  Config config = good(
      "apps:\n  - {name: sandbox, kind: mlflow,\n"
      "     endpoint: \"http://127.0.0.1:5000\"}\n");
  ASSERT_EQ(config.apps.size(), 1u);
  EXPECT_EQ(config.default_app().name, "sandbox");
  EXPECT_EQ(config.apps[0].title, "sandbox");
  EXPECT_EQ(config.listen.at(0).address.text(), "127.0.0.1:8080");
  EXPECT_EQ(config.admin.text(), "127.0.0.1:9901");
  EXPECT_EQ(config.public_url->text(), "http://127.0.0.1:8080");
  EXPECT_EQ(config.workers, 0u);
  EXPECT_EQ(config.state.sqlite, "/home/somebody/.local/state/signet/state.db");
  EXPECT_EQ(config.spool.directory, "/home/somebody/.local/state/signet/spool");
  EXPECT_EQ(config.spool.bytes, std::uint64_t{20} << 30);
  EXPECT_EQ(config.limits.header_bytes, 65536u);
  EXPECT_EQ(config.timeouts.origin_idle, runtime::Duration(std::chrono::seconds(4)));
  EXPECT_TRUE(config.warnings.empty());
}

TEST(Load, EveryAcceptedKey) {
  TestEnvironment environment;
  environment.variables["AUTH"] = "dXNlcjpwdw==";
  environment.files["/run/secrets/external"] = "team-a/1\n";
  environment.files["/ca.pem"] = "-----BEGIN CERTIFICATE-----\n";
  Config config = good(R"(
public_url: https://MLflow.example.com
hosts: [mlflow.internal:8443, other]
listen:
  - address: 127.0.0.1:0
  - address: "[::1]:8081"
  - {address: "localhost:8082"}
admin: {address: "127.0.0.1:0"}
trusted_proxies: [10.0.0.0/8, "::1"]
workers: 3
portal: {title: ML platform}
embedding: {frame_ancestors: ["https://intranet.example.com", "https://*.example.org:8443"]}
outbound: {ca: /ca.pem}
apps:
  - name: research
    title: Research
    public_url: https://research.mlflow.example.com
    kind: sagemaker-app
    arn: arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-ABCDEFGHIJKL
    role_arn: arn:aws:iam::123456789012:role/mlflow-research
    external_id: "${file:/run/secrets/external}"
  - name: servers
    default: true
    kind: sagemaker-tracking-server
    arn: arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/team
  - name: sandbox
    kind: mlflow
    endpoint: http://127.0.0.1:5000/base
    authorization: "Basic ${env:AUTH}"
state: {sqlite: /var/lib/signet/state.db}
spool: {directory: /var/lib/signet/spool, bytes: 30GiB}
log: {format: text, level: warning, access: /var/log/signet/access.log, audit: off}
limits: {header_bytes: 32KiB, header_count: 64, request_line: 16KiB, body_bytes: 1GiB,
  inspect_bytes: 4MiB, inspect_total: 64MiB, memory: 512MiB, connections: 1000,
  connections_per_address: 100, exchanges: 500, origin_connections: 10,
  request_rate_per_person: off, request_rate_per_address: off}
timeouts: {tls: 1s, header: 2s, body_stall: 3s, send_stall: 4s, idle: 5s, origin_connect: 6s,
  origin_queue: 7s, origin_response: 8m, origin_stall: 9s, origin_idle: 250ms, dns: 11s,
  credentials: 12s, drain: 0s}
)",
                       environment);
  EXPECT_EQ(config.public_url->authority(), "mlflow.example.com");
  EXPECT_EQ(config.hosts, (std::vector<std::string>{"mlflow.internal:8443", "other"}));
  ASSERT_EQ(config.listen.size(), 3u);
  EXPECT_EQ(config.listen[1].address.text(), "[::1]:8081");
  EXPECT_EQ(config.listen[2].address.text(), "127.0.0.1:8082");
  EXPECT_EQ(config.trusted_proxies.size(), 2u);
  EXPECT_EQ(config.workers, 3u);
  EXPECT_EQ(config.portal.title, "ML platform");
  EXPECT_EQ(
      config.embedding.frame_ancestors,
      (std::vector<std::string>{"https://intranet.example.com", "https://*.example.org:8443"}));
  EXPECT_EQ(config.outbound.ca_pem, "-----BEGIN CERTIFICATE-----\n");
  ASSERT_EQ(config.apps.size(), 3u);
  const App& research = *config.app("research");
  EXPECT_FALSE(research.is_default);
  EXPECT_EQ(research.region, "eu-west-1");
  EXPECT_EQ(research.endpoint.text(), "https://mlflow.sagemaker.eu-west-1.app.aws");
  EXPECT_EQ(research.external_id.reveal(), "team-a/1");
  EXPECT_EQ(config.default_app().name, "servers");
  EXPECT_EQ(config.default_app().endpoint.text(), "https://us-east-1.experiments.sagemaker.aws");
  EXPECT_EQ(config.app("sandbox")->authorization.reveal(), "Basic dXNlcjpwdw==");
  EXPECT_EQ(config.app("sandbox")->endpoint.path, "/base");
  EXPECT_EQ(config.app("nobody"), nullptr);
  EXPECT_EQ(config.log.format, LogFormat::text);
  EXPECT_EQ(config.log.level, LogLevel::warning);
  EXPECT_EQ(config.log.access.path, "/var/log/signet/access.log");
  EXPECT_EQ(config.log.audit.to, LogTarget::To::off);
  EXPECT_EQ(config.limits.connections_per_address, 100u);
  EXPECT_EQ(config.limits.request_rate_per_person, 0u);
  EXPECT_EQ(config.timeouts.drain, runtime::Duration(0));
  EXPECT_EQ(config.timeouts.origin_response, runtime::Duration(std::chrono::minutes(8)));
}

TEST(Load, AllProblemsAtOnceInTheFilesOrder) {
  EXPECT_EQ(
      problems("publik_url: https://a\n"
               "workers: many\n"
               "limits: {header_bytes: 64, header_cuont: 1}\n"
               "timeouts:\n"
               "  idle: 75\n"
               "workers: 2\n"
               "discover: []\n"),
      "f:1:1: apps is missing: give at least one entry of name, kind and endpoint or arn\n"
      "f:1:1: unknown key \"publik_url\": did you mean \"public_url\"?\n"
      "f:2:10: workers: write auto or a whole number from 1 to 256\n"
      "f:3:24: limits.header_bytes: 64 has no unit: write one of B, KiB, MiB, GiB, TiB, kB, "
      "MB, GB, TB behind it, e.g. 64KiB\n"
      "f:3:28: unknown key \"limits.header_cuont\": did you mean \"header_count\"?\n"
      "f:5:9: timeouts.idle: 75 has no unit: write one of ms, s, m, h, d behind it, e.g. 10s\n"
      "f:6:1: \"workers\" is given twice, first at line 2: keep one\n"
      "f:7:1: discover is not supported by this version: leave it out\n");
}

TEST(Load, OutboundProxy) {
  const Config config =
      good(std::string(kApp) +
           "outbound: {proxy: \"http://proxy.example:3128\", no_proxy: [.Internal, "
           "sts.example.com, 10.0.0.0/8, \"2001:db8::/32\"]}\n");
  struct Row {
    const char* target;
    bool https;
    bool goes_through;
  };
  for (const Row& row :
       {Row{"login.example.com", true, true}, Row{"login.example.com", false, false},
        Row{"a.internal", true, false}, Row{"internal", true, true}, Row{"xinternal", true, true},
        Row{"sts.example.com", true, false}, Row{"a.sts.example.com", true, true},
        Row{"10.1.2.3", true, false}, Row{"11.1.2.3", true, true}, Row{"2001:db8::1", true, false},
        Row{"localhost", true, false}, Row{"127.0.0.1", true, false}}) {
    EXPECT_EQ(config.outbound.proxy.is_for(row.target, row.https), row.goes_through) << row.target;
  }
  EXPECT_EQ(config.outbound.proxy.port, 3128);
  EXPECT_FALSE(good(std::string(kApp)).outbound.proxy.is_for("login.example.com", true));
  for (std::string_view wrong :
       {"{proxy: \"https://p:1\"}", "{proxy: \"http://p:1/x\"}", "{proxy: \"p:1\"}",
        "{proxy: \"http://u:p@p:1\"}", "{no_proxy: [\"a:1\"]}", "{no_proxy: [\"*\"]}",
        "{no_proxy: [\".\"]}", "{no_proxy: [\"10.0.0.1/8\"]}"}) {
    const std::string found =
        problems(std::string(kApp) + "outbound: " + std::string(wrong) + "\n");
    EXPECT_NE(found.find("outbound."), std::string::npos) << wrong << ": " << found;
  }
}

TEST(Load, KeysOfTheContractThatComeLater) {
  for (std::string_view text :
       {"discover: []", "embedding: {cors_origins: []}", "state: {dynamodb: {table: t}}",
        "listen: [{address: \"127.0.0.1:1\", tls: {key: k}}]",
        "listen: [{address: \"127.0.0.1:1\", redirect_to_https: true}]"}) {
    std::string found = problems(std::string(kApp) + std::string(text) + "\n");
    EXPECT_NE(found.find("is not supported by this version"), std::string::npos) << text << found;
    EXPECT_EQ(std::ranges::count(found, '\n'), 1) << found;
  }
  for (std::string_view key :
       {"sessions: per-person", "workspaces: false", "artifacts: {s3: {prefix: \"s3://b/p/\"}}"}) {
    std::string found = problems(std::string(kSigned) + "    " + std::string(key) + "\n");
    EXPECT_NE(found.find("apps[0]."), std::string::npos);
    EXPECT_NE(found.find("is not supported by this version"), std::string::npos) << found;
    EXPECT_EQ(std::ranges::count(found, '\n'), 1) << found;
  }
}

struct BadCase {
  std::string_view text;
  std::string_view problem;
};

// Each is appended to a configuration that is good without it.
TEST(Load, BadValues) {
  for (auto [text, problem] : std::vector<BadCase>{
           {"public_url: mlflow.example.com", "does not begin with https:// or http://"},
           {"public_url: https://a/b", "it has a path: write https://a"},
           {"public_url: 5", "this is a number: write it in quotes, \"5\""},
           {"public_url: ${env:X}", "stands for secrets, which this is not"},
           {"public_url:", "public_url has no value"},
           {"hosts: a", "this is text: write a list"},
           {"hosts: [a, A]", "a is there twice"},
           {"hosts: [\"a/b\"]", "is not a host"},
           {"listen: []", "the list is empty"},
           {"listen: [127.0.0.1:80]", "listen[0] is text: write a mapping"},
           {"listen: [{}]", "listen[0] has no address"},
           {"listen: [{address: 0.0.0.0:8080}]", "can be reached from elsewhere"},
           {"listen: [{address: \"[::]:8080\"}]", "can be reached from elsewhere"},
           {"listen: [{address: 10.0.0.1:8080}]", "listen on 127.0.0.1 or [::1]"},
           {"listen: [{address: 127.0.0.1}]", "has no port"},
           {"listen: [{address: \"127.0.0.1:99999\"}]", "has no port from 0 to 65535"},
           {"listen: [{address: \"::1:80\"}]", "IPv6 address without brackets"},
           {"listen: [{address: \"example.com:80\"}]", "is not an address of this machine"},
           {"listen: [{address: 127.0.0.1:1}, {address: 127.0.0.1:1}]", "is there twice"},
           {"admin: {address: 0.0.0.0:9901}", "admin.address: 0.0.0.0:9901 can be reached"},
           {"admin: {address: 127.0.0.1:8080}", "is a listener too"},
           {"admin: 127.0.0.1:9901", "admin is text: write a mapping"},
           {"trusted_proxies: [10.0.0.1/8]", "has bits set beyond its prefix: write 10.0.0.0/8"},
           {"trusted_proxies: [everyone]", "is not a range of addresses"},
           {"workers: 0", "write a whole number from 1 to 256"},
           {"workers: -1", "write a whole number from 1 to 256"},
           {"workers: 1.5", "write auto or a whole number"},
           {"workers: [1]", "write auto or a whole number"},
           {"workers: {}", "write auto or a whole number"},
           {"portal: {title: \"\"}", "portal.title is empty"},
           {"portal: {title: true}", "this is true or false: write it in quotes"},
           {"portal: {titel: x}", "did you mean \"title\"?"},
           {"portal: x", "portal is text: write a mapping"},
           {"portal:", "portal has no value"},
           {"embedding: {frame_ancestors: [\"*\"]}", "would let every page frame this one"},
           {"embedding: {frame_ancestors: [\"https://a;script-src *\"]}", "is not a host"},
           {"embedding: {frame_ancestors: [\"https://a/b\"]}", "leave the path out"},
           {"embedding: {frame_ancestors: [\"https://*\"]}", "is not a host"},
           {"embedding: {frame_ancestors: [\"'self'\"]}", "does not begin with https://"},
           {"outbound: {ca: /missing.pem}", "cannot read /missing.pem: No such file"},
           {"outbound: {ca: /empty.pem}", "holds no certificate"},
           {"state: {sqlite: 5}", "write it in quotes"},
           {"spool: {bytes: 20}", "20 has no unit"},
           {"spool: {bytes: 1KiB}", "write 1MiB to 1024TiB"},
           {"log: {format: xml}", "write one of json, text"},
           {"log: {level: verbose}", "write one of debug, info, warning, error"},
           {"log: {access: stderr}", "is neither stdout nor off nor a file"},
           {"log: {access: /var/log/}", "is neither stdout nor off nor a file"},
           {"limits: {header_count: 1}", "write a whole number from 8 to 1024"},
           {"limits: {header_count: \"128\"}", "write a whole number from 8 to 1024"},
           {"limits: {header_count: 0x80}", "write a whole number from 8 to 1024"},
           {"limits: {header_bytes: 2GiB}", "write 1KiB to 1MiB"},
           {"limits: {header_bytes: 64KB}", "\"KB\" is not a unit"},
           {"limits: {header_bytes: 16KiB}",
            "request_line (32KiB) cannot be over header_bytes (16KiB)"},
           {"limits: {request_line: 128KiB}", "cannot be over header_bytes (64KiB)"},
           {"limits: {inspect_bytes: 512MiB}", "cannot be over inspect_total (256MiB)"},
           {"limits: {connections: 10, connections_per_address: 11}",
            "cannot be over connections (10)"},
           {"limits: {memory: 16MiB, exchanges: 100000}", "more than memory (16MiB)"},
           {"limits: {request_rate_per_person: 100}", "write off, or a number per second"},
           {"limits: {request_rate_per_address: 100/s}",
            "limits.request_rate_per_address: a rate is not supported by this version"},
           {"limits: {request_rate_per_person: true}",
            "this is true or false: write a number with a unit"},
           {"limits: {memory: }", "limits.memory has no value"},
           {"timeouts: {idle: 5us}", "\"us\" is not a unit"},
           {"timeouts: {idle: 0s}", "write 10ms to 1d"},
           {"timeouts: {idle: 2d}", "write 10ms to 1d"},
           {"timeouts: {idle: [1s]}", "this is a list: write a number with a unit"},
           {"completely_different: 1", "known here are public_url, hosts,"},
           {"<<: {a: 1}", "unknown key \"<<\""},
       }) {
    TestEnvironment environment;
    environment.files["/empty.pem"] = "nothing";
    std::string found = problems(std::string(kApp) + std::string(text) + "\n", environment);
    EXPECT_NE(found.find(problem), std::string::npos) << text << "\n" << found;
    EXPECT_EQ(std::ranges::count(found, '\n'), 1) << found;
    EXPECT_TRUE(found.starts_with("f:2:")) << found;
  }
}

TEST(Load, BadApps) {
  constexpr std::string_view kArn = "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-ABC";
  for (auto [text, problem] : std::vector<BadCase>{
           {"apps: []", "apps: the list is empty"},
           {"apps: {name: a}", "apps: this is a mapping: write a list"},
           {"apps: [a]", "apps[0] is text: write a mapping"},
           {"apps: [{kind: mlflow, endpoint: \"http://127.0.0.1:1\"}]", "apps[0] has no name"},
           {"apps: [{name: A, kind: mlflow, endpoint: \"http://127.0.0.1:1\"}]",
            "\"A\" is not a name for a path"},
           {"apps: [{name: -a, kind: mlflow, endpoint: \"http://127.0.0.1:1\"}]",
            "is not a name for a path"},
           {"apps: [{name: assets, kind: mlflow, endpoint: \"http://127.0.0.1:1\"}]",
            "is a page or a folder of the portal"},
           {"apps: [{name: tokens, kind: mlflow, endpoint: \"http://127.0.0.1:1\"}]",
            "is a page or a folder of the portal"},
           {"apps: [{name: a/b, kind: mlflow, endpoint: \"http://127.0.0.1:1\"}]",
            "is not a name for a path"},
           {"apps: [{name: a, endpoint: \"http://127.0.0.1:1\"}]", "apps[0] has no kind"},
           {"apps: [{name: a, kind: mlfow, endpoint: \"http://127.0.0.1:1\"}]",
            "write one of sagemaker-app, sagemaker-tracking-server, mlflow"},
           {"apps: [{name: a, kind: mlflow}]", "apps[0] has no endpoint"},
           {"apps: [{name: a, kind: mlflow, endpoint: \"http://127.0.0.1:1/\", "
            "arn: \"arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-ABC\"}]",
            "only goes with the SageMaker kinds"},
           {"apps: [{name: a, kind: mlflow, endpoint: \"http://u:p@127.0.0.1:1\"}]",
            "apps[0].endpoint: it has an @"},
           {"apps: [{name: a, kind: mlflow, endpoint: \"http://127.0.0.1:1\", role_arn: x}]",
            "apps[0].role_arn: only goes with the SageMaker kinds: leave it out"},
           {"apps: [{name: a, kind: sagemaker-app}]", "apps[0] has no arn"},
           {"apps: [{name: a, kind: sagemaker-app, arn: nonsense}]", "has fewer than six parts"},
           {"apps: [{name: a, kind: sagemaker-tracking-server, arn: "
            "\"arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-ABC\"}]",
            "is not of the type mlflow-tracking-server"},
           {"apps: [{name: a, kind: sagemaker-app, arn: "
            "\"arn:aws-cn:sagemaker:cn-north-1:123456789012:mlflow-app/app-ABC\"}]",
            "no endpoint is known for the partition aws-cn: give endpoint"},
       }) {
    std::string found = problems(std::string(text) + "\n");
    EXPECT_NE(found.find(problem), std::string::npos) << text << "\n" << found;
    EXPECT_EQ(std::ranges::count(found, '\n'), 1) << found;
  }
  auto signed_with = [&](std::string_view more) {
    return problems(
        fmt::format("apps:\n- name: a\n  kind: sagemaker-app\n  arn: {}\n  {}\n", kArn, more));
  };
  EXPECT_EQ(signed_with(""), "");
  EXPECT_EQ(signed_with("endpoint: http://127.0.0.1:9"), "");
  EXPECT_EQ(signed_with("endpoint: https://vpce-1.example.com"), "");
  EXPECT_NE(signed_with("endpoint: http://example.com").find("go over https"), std::string::npos);
  EXPECT_NE(signed_with("authorization: Bearer x").find("only goes with kind mlflow"),
            std::string::npos);
  EXPECT_NE(signed_with("role_arn: arn:aws:iam::1:role/x").find("12 digits"), std::string::npos);
  EXPECT_NE(signed_with("external_id: abc").find("give role_arn or leave it out"),
            std::string::npos);
  EXPECT_NE(signed_with("role_arn: arn:aws:iam::123456789012:role/x\n  external_id: a b")
                .find("not what AWS allows"),
            std::string::npos);
}

TEST(Load, AppsTogether) {
  auto two = [](std::string_view first, std::string_view second, std::string_view top = "") {
    return problems(
        fmt::format("{}apps:\n- {{kind: mlflow, endpoint: \"http://127.0.0.1:1\", {}}}\n"
                    "- {{kind: mlflow, endpoint: \"http://127.0.0.1:2\", {}}}\n",
                    top, first, second));
  };
  EXPECT_EQ(two("name: a", "name: b"), "");
  EXPECT_EQ(two("name: a", "name: a"),
            "f:3:3: a second app named a, the first is at line 2: give each its own name\n");
  EXPECT_EQ(two("name: a, default: true", "name: b, default: true"),
            "f:3:3: a second default app, the first is at line 2: mark one only\n");
  EXPECT_NE(two("name: a, public_url: \"https://x.example\"",
                "name: b, public_url: \"https://x.example:8443\"")
                .find("the host x.example of app a"),
            std::string::npos);
  EXPECT_NE(two("name: a, public_url: \"https://x.example\"", "name: b",
                "public_url: https://x.example:1\n")
                .find("the host x.example of public_url"),
            std::string::npos);
  EXPECT_NE(two("name: a, public_url: \"https://x.example\"", "name: b", "hosts: [x.example]\n")
                .find("is one of hosts"),
            std::string::npos);
}

TEST(Load, Secrets) {
  TestEnvironment environment;
  environment.variables["GOOD"] = "s3cr3t";
  environment.variables["EVIL"] = "s3cr3t\r\nX-Evil: 1";
  environment.variables["EMPTY"] = "";
  environment.files["/s"] = "s3cr3t\n";
  environment.files["/latin"] = "s3cr3t \xE9";
  auto with = [&](std::string_view value) {
    std::string text = fmt::format(
        "apps:\n- name: a\n  kind: mlflow\n  endpoint: http://127.0.0.1:1\n  authorization: {}\n",
        value);
    auto config = load_text("f", text, environment);
    if (config) return std::string(config->apps[0].authorization.reveal());
    std::string all;
    for (const Problem& problem : config.error())
      all += problem.text() + '\n';
    EXPECT_EQ(all.find("s3cr3t"), std::string::npos) << all;
    EXPECT_TRUE(all.starts_with("f:5:18: apps[0].authorization: ")) << all;
    return all.substr(std::min<std::size_t>(all.size(), 31));
  };
  EXPECT_EQ(with("\"${env:GOOD}\""), "s3cr3t");
  EXPECT_EQ(with("Bearer ${file:/s}${env:GOOD}!"), "Bearer s3cr3ts3cr3t!");
  EXPECT_EQ(with("Bearer $x {y}"), "Bearer $x {y}");
  EXPECT_EQ(with("${env:MISSING}"), "the environment variable MISSING is not set: set it\n");
  EXPECT_EQ(with("${file:/missing}"), "cannot read the file /missing: No such file or directory\n");
  EXPECT_EQ(with("${env:EVIL}"),
            "the secret holds a line break, a control character or more than ASCII\n");
  EXPECT_EQ(with("${file:/latin}"),
            "the secret holds a line break, a control character or more than ASCII\n");
  EXPECT_EQ(with("${env:EMPTY}"), "the secret is empty\n");
  EXPECT_EQ(with("${ssm:/a/b}"),
            "${ssm:…} is not supported by this version: write ${env:NAME} or ${file:PATH}\n");
  EXPECT_EQ(with("\"${secretsmanager:arn:aws:x}\""),
            "${secretsmanager:…} is not supported by this version: write ${env:NAME} or "
            "${file:PATH}\n");
  EXPECT_EQ(with("${s3cr3t}"), "a ${ that begins neither ${env:NAME} nor ${file:PATH}\n");
  EXPECT_EQ(with("${env:}"), "a ${ that begins neither ${env:NAME} nor ${file:PATH}\n");
  EXPECT_EQ(with("${env:GOOD"), "a ${ without its }\n");
  EXPECT_EQ(with("12345"), "this is a number: write text, in quotes\n");
  EXPECT_EQ(with("\"s3cr3t\\n\""),
            "the secret holds a line break, a control character or more than ASCII\n");
}

TEST(Load, Warnings) {
  Config config = good("apps: [{name: a, kind: mlflow, endpoint: \"http://mlflow.internal\"}]\n");
  ASSERT_EQ(config.warnings.size(), 1u);
  EXPECT_NE(config.warnings[0].what.find("plain http leaves this machine"), std::string::npos);
  EXPECT_EQ(config.warnings[0].place, (Place{1, 42}));
  config = good(std::string(kSigned) + "spool: {bytes: 1GiB}\n");
  ASSERT_EQ(config.warnings.size(), 1u);
  EXPECT_NE(config.warnings[0].what.find("is over spool.bytes (1GiB)"), std::string::npos);
  EXPECT_TRUE(good(std::string(kApp) + "spool: {bytes: 1GiB}\n").warnings.empty());
}

TEST(Load, StateFolders) {
  TestEnvironment environment;
  auto folder = [&] { return good(std::string(kApp), environment).spool.directory; };
  environment.variables = {{"HOME", "/home/x"}, {"XDG_STATE_HOME", "relative"}};
  EXPECT_EQ(folder(), "/home/x/.local/state/signet/spool");
  environment.variables["XDG_STATE_HOME"] = "/xdg";
  EXPECT_EQ(folder(), "/xdg/signet/spool");
  environment.variables["STATE_DIRECTORY"] = "/var/lib/signet:/var/lib/other";
  EXPECT_EQ(folder(), "/var/lib/signet/spool");
  environment.variables.clear();
  std::string found = problems(kApp, environment);
  EXPECT_NE(found.find("state.sqlite is not given and there is no $STATE_DIRECTORY"),
            std::string::npos);
  EXPECT_NE(found.find("spool.directory is not given"), std::string::npos);
  EXPECT_EQ(problems(std::string(kApp) + "state: {sqlite: /s/db}\nspool: {directory: /s/p}\n",
                     environment),
            "");
}

TEST(Load, DefaultsFitTheOpenFiles) {
  TestEnvironment environment;
  for (auto [files, connections, exchanges] :
       std::vector<std::array<std::uint32_t, 3>>{{1'000'000, 8192, 4096},
                                                 {20'000, 8192, 2500},
                                                 {4096, 3072, 512},
                                                 {1024, 384, 128},
                                                 {256, 64, 64}}) {
    environment.open_files = files;
    Config config = good(std::string(kApp), environment);
    EXPECT_EQ(config.limits.connections, connections) << files;
    EXPECT_EQ(config.limits.exchanges, exchanges) << files;
    EXPECT_LE(config.limits.connections_per_address, connections);
    EXPECT_EQ(open_files_needed(config) <= files, files > 1000);
    EXPECT_EQ(check_machine(config, environment).empty(), files > 1000);
  }
  environment.open_files = 1024;
  EXPECT_EQ(
      good(std::string(kApp) + "limits: {connections: 5000}\n", environment).limits.connections,
      5000u);
}

TEST(Load, PublicUrlOfPortZeroComesLater) {
  EXPECT_FALSE(good(std::string(kApp) + "listen: [{address: \"127.0.0.1:0\"}]\n").public_url);
  EXPECT_EQ(loopback_url(*runtime::Address::numeric("::1", 4711)).text(), "http://[::1]:4711");
}

TEST(Load, NeedsRestart) {
  Config running = good(std::string(kApp));
  EXPECT_TRUE(needs_restart(running, good(std::string(kApp) + "hosts: [a]\n")).empty());
  EXPECT_EQ(
      needs_restart(running, good(std::string(kApp) + "listen: [{address: 127.0.0.1:1}]\n"
                                                      "admin: {address: 127.0.0.1:2}\nworkers: 2\n"
                                                      "state: {sqlite: /x/y}\n")),
      (std::vector<std::string>{"listen", "admin", "workers", "state"}));
}

}  // namespace
}  // namespace signet::config
