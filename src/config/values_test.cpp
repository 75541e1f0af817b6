#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "config/arn.h"
#include "config/cidr.h"
#include "config/secret.h"
#include "config/url.h"

namespace signet::config {
namespace {

TEST(Url, Parses) {
  struct Case {
    std::string_view text;
    std::string_view normal;
    std::string_view authority;
  };
  for (auto [text, normal, authority] : std::vector<Case>{
           {"https://mlflow.example.com", "https://mlflow.example.com", "mlflow.example.com"},
           {"https://MLflow.Example.com/", "https://mlflow.example.com", "mlflow.example.com"},
           {"https://a:443", "https://a", "a"},
           {"http://a:80", "http://a", "a"},
           {"http://a:443", "http://a:443", "a:443"},
           {"http://127.0.0.1:5000/base/path", "http://127.0.0.1:5000/base/path", "127.0.0.1:5000"},
           {"http://[::1]:8080", "http://[::1]:8080", "[::1]:8080"},
       }) {
    auto url = parse_url(text);
    ASSERT_TRUE(url) << text << url.error();
    EXPECT_EQ(url->text(), normal);
    EXPECT_EQ(url->authority(), authority);
  }
}

TEST(Url, Refuses) {
  for (std::string_view bad : {"",
                               "mlflow.example.com",
                               "ftp://a",
                               "https://",
                               "https:///x",
                               "HTTPS://a",
                               "https://user@a",
                               "https://user:pw@a",
                               "https://a?x",
                               "https://a#x",
                               "https://a/b/",
                               "https://a//b",
                               "https://a/../b",
                               "https://a/.",
                               "https://a/b%20c",
                               "https://a b",
                               "https://a:0",
                               "https://a:65536",
                               "https://a:x",
                               "https://a:",
                               "https://a.",
                               "https://a..b",
                               "https://\xC3\xA9.example",
                               "https://[::1",
                               "https://[fe80::1%25eth0]",
                               "https://a\\b"}) {
    EXPECT_FALSE(parse_url(bad)) << bad;
  }
}

TEST(Url, Loopback) {
  for (std::string_view yes : {"localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"}) {
    EXPECT_TRUE(is_loopback_host(yes)) << yes;
  }
  for (std::string_view no : {"", "localhost.example.com", "128.0.0.1", "::2", "0.0.0.0", "example",
                              "127.0.0.1.example.com"}) {
    EXPECT_FALSE(is_loopback_host(no)) << no;
  }
}

TEST(Url, HostAndPort) {
  EXPECT_EQ(parse_host_and_port("MLflow.internal:8443"), "mlflow.internal:8443");
  EXPECT_EQ(parse_host_and_port("a"), "a");
  EXPECT_EQ(parse_host_and_port("[::1]:80"), "[::1]:80");
  for (std::string_view bad : {"", "a/b", "https://a", "a:b", "a@b", "*", "*.example.com"}) {
    EXPECT_FALSE(parse_host_and_port(bad)) << bad;
  }
}

TEST(Cidr, Contains) {
  struct Case {
    std::string_view range;
    std::string_view address;
    bool inside;
  };
  for (auto [range, address, inside] : std::vector<Case>{
           {"10.0.0.0/8", "10.255.0.1", true},
           {"10.0.0.0/8", "11.0.0.1", false},
           {"10.0.0.0/8", "::ffff:10.1.2.3", true},
           {"10.0.0.0/8", "::a00:1", false},
           {"192.168.1.7", "192.168.1.7", true},
           {"192.168.1.7", "192.168.1.8", false},
           {"192.168.1.128/25", "192.168.1.127", false},
           {"192.168.1.128/25", "192.168.1.200", true},
           {"0.0.0.0/0", "8.8.8.8", true},
           {"0.0.0.0/0", "2001:db8::1", false},
           {"::/0", "8.8.8.8", true},
           {"2001:db8::/32", "2001:db8:ffff::1", true},
           {"2001:db8::/32", "2001:db9::1", false},
           {"2001:db8::/33", "2001:db8:8000::1", false},
           {"::1", "::1", true},
       }) {
    auto parsed = Cidr::parse(range);
    ASSERT_TRUE(parsed) << range;
    EXPECT_EQ(parsed->contains(*runtime::Address::numeric(address, 1)), inside)
        << range << ' ' << address;
  }
}

TEST(Cidr, Refuses) {
  for (std::string_view bad : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x",
                               "10.0.0/8", "::/129", "[::1]/128", "example.com", "10.0.0.0/+8"}) {
    EXPECT_FALSE(Cidr::parse(bad)) << bad;
  }
  EXPECT_EQ(Cidr::parse("10.1.0.0/8").error(),
            "\"10.1.0.0/8\" has bits set beyond its prefix: write 10.0.0.0/8");
  EXPECT_EQ(Cidr::parse("2001:db8::1/32").error(),
            "\"2001:db8::1/32\" has bits set beyond its prefix: write 2001:db8::/32");
}

TEST(Arn, Sagemaker) {
  auto app = parse_mlflow_app_arn("arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-ABC123");
  ASSERT_TRUE(app);
  EXPECT_EQ(app->region, "eu-west-1");
  EXPECT_EQ(mlflow_app_endpoint(*app), "https://mlflow.sagemaker.eu-west-1.app.aws");
  auto server = parse_tracking_server_arn(
      "arn:aws-us-gov:sagemaker:us-gov-west-1:123456789012:mlflow-tracking-server/my-server");
  ASSERT_TRUE(server);
  EXPECT_EQ(tracking_server_endpoint(*server), "https://us-gov-west-1.experiments.sagemaker.aws");
  app->partition = "aws-cn";
  EXPECT_FALSE(mlflow_app_endpoint(*app));
  for (std::string_view bad : {"", "arn", "arn:aws:sagemaker:eu-west-1:123456789012",
                               "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/",
                               "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-",
                               "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/other",
                               "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-A/B",
                               "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-A\r\n",
                               "arn:aws:sagemaker:eu-west-1:12345678901:mlflow-app/app-A",
                               "arn:aws:sagemaker::123456789012:mlflow-app/app-A",
                               "arn:aws:sagemaker:EU-WEST-1:123456789012:mlflow-app/app-A",
                               "arn:aws:sagemaker:a.evil.example/:123456789012:mlflow-app/app-A",
                               "arn:aws:s3:eu-west-1:123456789012:mlflow-app/app-A",
                               "arn:gcp:sagemaker:eu-west-1:123456789012:mlflow-app/app-A",
                               "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/x",
                               "ARN:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-A"}) {
    EXPECT_FALSE(parse_mlflow_app_arn(bad)) << bad;
  }
  for (std::string_view bad : {"a/b", "-a", "a-", "", "a_b"}) {
    EXPECT_FALSE(parse_tracking_server_arn(
        fmt::format("arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/{}", bad)))
        << bad;
  }
}

TEST(Arn, Role) {
  EXPECT_TRUE(parse_role_arn("arn:aws:iam::123456789012:role/mlflow-research"));
  EXPECT_TRUE(parse_role_arn("arn:aws-cn:iam::123456789012:role/path/to/name_+=,.@-"));
  std::string long_name(2100, 'a');
  for (const std::string& bad :
       {std::string("arn:aws:iam::123456789012:user/x"),
        std::string("arn:aws:iam::123456789012:role/"),
        std::string("arn:aws:iam::123456789012:role"), std::string("arn:aws:iam::12:role/x"),
        std::string("arn:aws:iam:eu-west-1:123456789012:role/x"),
        std::string("arn:aws:sts::123456789012:role/x"),
        std::string("arn:aws:iam::123456789012:role/x y"),
        std::string("arn:aws:iam::123456789012:role/x:y"),
        "arn:aws:iam::123456789012:role/" + long_name}) {
    EXPECT_FALSE(parse_role_arn(bad)) << bad;
  }
}

TEST(Secret, DoesNotPrint) {
  Secret secret("hunter2");
  EXPECT_EQ(fmt::format("{} {:>5}", secret, secret), "***   ***");
  EXPECT_EQ(testing::PrintToString(secret), "***");
  EXPECT_EQ(secret.reveal(), "hunter2");
  Secret moved = std::move(secret);
  EXPECT_EQ(moved.reveal(), "hunter2");
  EXPECT_TRUE(secret.empty());  // NOLINT(bugprone-use-after-move): that it is wiped is the point
  Secret copy("x");
  copy = moved;
  EXPECT_EQ(copy, moved);
  EXPECT_FALSE(copy == Secret("hunter3"));
  EXPECT_FALSE(copy == Secret());
}

}  // namespace
}  // namespace signet::config
