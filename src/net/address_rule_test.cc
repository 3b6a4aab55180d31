#include "net/address_rule.h"

#include <gtest/gtest.h>

namespace baton::net {
namespace {

TEST(AddressRule, MetadataAndReservedAddressesAreRefusedInEveryForm) {
  for (const char* host :
       {"169.254.169.254", "169.254.0.1", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376",
        "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "fd00:ec2::254", "fe80::1",
        "100.100.100.200", "0.0.0.0", "224.0.0.1", "255.255.255.255", "ff02::1",
        "::", "metadata.google.internal", "metadata.google.internal."}) {
    EXPECT_EQ(JudgeHost(host), Neighbourhood::kNever) << host;
  }
}

TEST(AddressRule, ThisMachineAndPrivateRangesNeedTheOperatorsWord) {
  for (const char* host : {"127.0.0.1", "127.1", "2130706433", "10.1.2.3", "172.16.0.1", "172.31.255.255",
                           "192.168.1.1", "100.64.0.1", "::1", "fc00::1", "::ffff:10.0.0.1", "localhost",
                           "db.internal", "printer.local", "intranet"}) {
    EXPECT_EQ(JudgeHost(host), Neighbourhood::kPrivate) << host;
  }
}

TEST(AddressRule, TheRestIsPublic) {
  for (const char* host : {"8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "api.example.com"}) {
    EXPECT_EQ(JudgeHost(host), Neighbourhood::kPublic) << host;
  }
}

}  // namespace
}  // namespace baton::net
