#include "identity/end_session.h"

#include <gtest/gtest.h>

namespace signet::identity {
namespace {

TEST(EndSession, Addresses) {
  ProviderMetadata metadata;
  EndSession sign_out;
  sign_out.client_id = "sig net";
  EXPECT_EQ(end_session_url(metadata, LogoutStyle::rp_initiated, sign_out), std::nullopt);
  EXPECT_EQ(end_session_url(metadata, LogoutStyle::cognito, sign_out), std::nullopt);

  metadata.end_session_endpoint = "https://login.example.com/logout";
  EXPECT_EQ(end_session_url(metadata, LogoutStyle::rp_initiated, sign_out),
            "https://login.example.com/logout?client_id=sig%20net");
  sign_out.state = "a&b";
  EXPECT_EQ(end_session_url(metadata, LogoutStyle::rp_initiated, sign_out),
            "https://login.example.com/logout?client_id=sig%20net")
      << "a state without a way back";
  sign_out.return_uri = "https://mlflow.example.com/app?x=1";
  sign_out.id_token_hint = "a.b.c";
  sign_out.logout_hint = "ada@example.com";
  EXPECT_EQ(end_session_url(metadata, LogoutStyle::rp_initiated, sign_out),
            "https://login.example.com/logout?client_id=sig%20net"
            "&post_logout_redirect_uri=https%3A%2F%2Fmlflow.example.com%2Fapp%3Fx%3D1"
            "&id_token_hint=a.b.c&state=a%26b&logout_hint=ada%40example.com");
  EXPECT_EQ(end_session_url(metadata, LogoutStyle::cognito, sign_out),
            "https://login.example.com/logout?client_id=sig%20net"
            "&logout_uri=https%3A%2F%2Fmlflow.example.com%2Fapp%3Fx%3D1");

  metadata.end_session_endpoint = "https://login.example.com/logout?p=b2c_1";
  EXPECT_EQ(end_session_url(metadata, LogoutStyle::rp_initiated, {"signet", "", "", "", ""}),
            "https://login.example.com/logout?p=b2c_1&client_id=signet");
}

}  // namespace
}  // namespace signet::identity
