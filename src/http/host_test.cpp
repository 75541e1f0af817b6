#include "http/host.h"

#include <string>

#include <gtest/gtest.h>

namespace signet::http {
namespace {

TEST(Authority, Lawful) {
  struct Row {
    std::string given;
    std::string host;
    std::uint16_t port;
  };
  for (Row row :
       {Row{"a", "a", 0}, Row{"MLflow.Example.COM", "mlflow.example.com", 0}, Row{"a:1", "a", 1},
        Row{"a:65535", "a", 65535}, Row{"127.0.0.1:8080", "127.0.0.1", 8080},
        Row{"[::1]", "[::1]", 0}, Row{"[2001:DB8::A]:443", "[2001:db8::a]", 443},
        Row{"[::ffff:1.2.3.4]:1", "[::ffff:1.2.3.4]", 1},
        Row{"my_gateway-1:80", "my_gateway-1", 80},
        Row{std::string(63, 'a') + ".b", std::string(63, 'a') + ".b", 0}}) {
    const auto parsed = parse_authority(row.given);
    ASSERT_TRUE(parsed) << row.given;
    EXPECT_EQ(parsed->host, row.host);
    EXPECT_EQ(parsed->port, row.port);
    EXPECT_EQ(parsed->host.data(), row.given.data());
    EXPECT_EQ(parsed->port_or(7), row.port == 0 ? 7 : row.port);
  }
}

TEST(Authority, Refused) {
  struct Row {
    std::string given;
    AuthorityError error;
  };
  using enum AuthorityError;
  for (Row row : {Row{"", empty},
                  Row{":80", bad_host},
                  Row{"a.", bad_host},
                  Row{".", bad_host},
                  Row{".a", bad_host},
                  Row{"a..b", bad_host},
                  Row{"a.:80", bad_host},
                  Row{"u@a", bad_host},
                  Row{"u:p@a", bad_port},
                  Row{"a/", bad_host},
                  Row{"a:80/", bad_port},
                  Row{"a?b", bad_host},
                  Row{"a#b", bad_host},
                  Row{"a,b", bad_host},
                  Row{"a b", bad_host},
                  Row{"a%41", bad_host},
                  Row{"a\\b", bad_host},
                  Row{"caf\xc3\xa9", bad_host},
                  Row{std::string("a\0b", 3), bad_host},
                  Row{"a:", bad_port},
                  Row{"a:0", bad_port},
                  Row{"a:080", bad_port},
                  Row{"a:65536", bad_port},
                  Row{"a:99999", bad_port},
                  Row{"a:100000", bad_port},
                  Row{"a:+80", bad_port},
                  Row{"a:8 0", bad_port},
                  Row{"a:80:80", bad_port},
                  Row{"[", bad_host},
                  Row{"[]", bad_host},
                  Row{"[::1", bad_host},
                  Row{"::1", bad_host},
                  Row{"[::1]x", bad_host},
                  Row{"[::1]:", bad_port},
                  Row{"[fe80::1%eth0]", bad_host},
                  Row{"[fe80::1%25eth0]", bad_host},
                  Row{"[v1.a]", bad_host},
                  Row{"[1.2.3.4]", bad_host},
                  Row{"[:::]", bad_host},
                  Row{"[" + std::string(60, ':') + "]", bad_host},
                  Row{std::string(64, 'a'), bad_host},
                  Row{[] {
                        std::string name;
                        for (int i = 0; i < 127; ++i)
                          name += "a.";
                        return name + "a";
                      }(),
                      bad_host}}) {
    const std::string given = row.given;
    const auto parsed = parse_authority(row.given);
    ASSERT_FALSE(parsed) << given;
    EXPECT_EQ(parsed.error(), row.error) << given;
    EXPECT_EQ(row.given, given) << "changed although refused";
  }
}

}  // namespace
}  // namespace signet::http
