#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>
#include <expat.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <simdjson.h>

#include "config/environment.h"
#include "config/load.h"
#include "gateway/explain.h"
#include "gateway/serve.h"
#include "signing/sign_command.h"

namespace {

using namespace signet;

// The portal lies beside the installed program or, in a checkout, in portal/dist.
std::filesystem::path find_portal() {
  std::error_code error;
  std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  std::filesystem::path beside = program.parent_path();
  for (const char* candidate : {"portal", "../share/signet/portal", "../../portal/dist"}) {
    if (std::filesystem::exists(beside / candidate / "index.html", error)) {
      return beside / candidate;
    }
  }
  return beside / "portal";
}

struct Arguments {
  std::string config;
  std::string portal;
  signing::SignOptions sign;
  gateway::ExplainOptions explain;
  bool keep_path = false;
};

void add_config_option(CLI::App& command, Arguments& arguments) {
  command.add_option("--config", arguments.config, "the configuration file (YAML)")
      ->required()
      ->check(CLI::ExistingFile);
}

// An option whose value is one of these names.
template <typename T>
void add_choice(CLI::App& command, const char* option, T& value,
                const std::map<std::string, T>& names, const std::string& what) {
  std::string all;
  for (const auto& [name, meaning] : names)
    all += (all.empty() ? "" : "|") + name;
  command
      .add_option_function<std::string>(
          option, [&value, names](const std::string& name) { value = names.at(name); }, what)
      ->check(CLI::Validator(
          [names, all](const std::string& name) {
            return names.contains(name) ? std::string() : "it is one of " + all;
          },
          ""))
      ->option_text(all);
}

// Commands of the contract that no version has yet: better said than "unexpected argument".
void add_later_command(CLI::App& app, const std::string& name) {
  CLI::App* later = app.add_subcommand(name, "")->group("")->allow_extras();
  later->parse_complete_callback(
      [name] { throw CLI::ValidationError(name, "is not supported by this version"); });
}

void add_sign_options(CLI::App& command, Arguments& arguments) {
  signing::SignOptions& sign = arguments.sign;
  command.add_option("--service", sign.service, "as in the credential scope: sagemaker, s3, …")
      ->required();
  command.add_option("--region", sign.region, "e.g. eu-west-1")->required();
  command.add_option("--time", sign.time, "e.g. 20150830T123600Z (default: now)");
  std::map<std::string, signing::Show> shows{
      {"authorization", signing::Show::kAuthorization},
      {"canonical-request", signing::Show::kCanonicalRequest},
      {"string-to-sign", signing::Show::kStringToSign},
      {"request", signing::Show::kRequest}};
  add_choice(command, "--show", sign.show, shows, "what to print");
  std::map<std::string, signing::Headers> headers{{"all", signing::Headers::kAll},
                                                  {"gateway", signing::Headers::kGateway}};
  add_choice(command, "--headers", sign.headers, headers, "which headers to sign");
  command.add_flag("--no-normalize-path", arguments.keep_path,
                   "keep the path as it is in the canonical request");
}

void add_explain_options(CLI::App& command, Arguments& arguments) {
  add_config_option(command, arguments);
  gateway::ExplainOptions& explain = arguments.explain;
  command.add_option("--person", explain.person, "the person's id, e.g. ada@example.com")
      ->required();
  command.add_option("--group", explain.groups, "a group the person is in; may be repeated");
  command.add_option("METHOD", explain.method, "e.g. POST")->required();
  command.add_option("PATH", explain.path, "e.g. /apps/research/api/2.0/mlflow/runs/create")
      ->required();
}

void print_version() {
  fmt::print("signet {} ({})\ncompiler {}\n{}\n", SIGNET_VERSION, SIGNET_COMMIT, __VERSION__,
             OpenSSL_version(OPENSSL_VERSION));
  fmt::print("fmt {}.{}.{}\nyaml-cpp {}\nCLI11 {}\n{}\nsimdjson {}\n", FMT_VERSION / 10000,
             FMT_VERSION / 100 % 100, FMT_VERSION % 100, SIGNET_YAML_CPP, CLI11_VERSION,
             XML_ExpatVersion(),
             fmt::format("{}.{}.{}", static_cast<int>(simdjson::SIMDJSON_VERSION_MAJOR),
                         static_cast<int>(simdjson::SIMDJSON_VERSION_MINOR),
                         static_cast<int>(simdjson::SIMDJSON_VERSION_REVISION)));
}

int run(int argc, char** argv) {
  CLI::App app("Signet: one address for MLflow, in front of SageMaker and plain MLflow servers.");
  app.require_subcommand(1);
  Arguments arguments;
  CLI::App* serve = app.add_subcommand("serve", "run the gateway until SIGTERM");
  add_config_option(*serve, arguments);
  serve->add_option("--portal", arguments.portal, "directory of the built portal");
  CLI::App* check = app.add_subcommand("check", "check a configuration file");
  add_config_option(*check, arguments);
  CLI::App* sign = app.add_subcommand(
      "sign", "sign a raw HTTP/1.1 request from standard input with AWS Signature Version 4");
  add_sign_options(*sign, arguments);
  CLI::App* version = app.add_subcommand("version", "print the version");
  CLI::App* explain = app.add_subcommand(
      "explain", "say which route, operation and rule decide about a person's request");
  add_explain_options(*explain, arguments);
  for (const char* later : {"iam-policy", "state", "audit"})
    add_later_command(app, later);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Wrong use is 2, whatever CLI11 would say.
    return app.exit(error) == 0 ? 0 : 2;
  }

  config::SystemEnvironment environment;
  if (version->parsed()) {
    print_version();
    return 0;
  }
  if (check->parsed()) {
    return config::check_command(arguments.config, environment, std::cout, std::cerr);
  }
  if (explain->parsed()) {
    arguments.explain.config_path = arguments.config;
    return gateway::explain(arguments.explain, environment, std::cout, std::cerr);
  }
  if (sign->parsed()) {
    arguments.sign.normalize_path = !arguments.keep_path;
    arguments.sign.now = runtime::SystemClock().unix_seconds();
    arguments.sign.environment = [&](std::string_view name) {
      return environment.variable(std::string(name));
    };
    return signing::sign_command(arguments.sign, std::cin, std::cout, std::cerr);
  }
  gateway::ServeOptions options;
  options.config_path = arguments.config;
  options.portal =
      arguments.portal.empty() ? find_portal() : std::filesystem::path(arguments.portal);
  options.version = SIGNET_VERSION;
  options.commit = SIGNET_COMMIT;
  return gateway::serve(options, environment);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    int code = run(argc, argv);
    std::cout.flush();
    if (code == 0 && (std::fflush(stdout) != 0 || !std::cout)) {
      fmt::print(stderr, "signet: cannot write to standard output\n");
      return 1;
    }
    return code;
  } catch (const std::exception& error) {
    fmt::print(stderr, "signet: {}\n", error.what());
    return 1;
  }
}
