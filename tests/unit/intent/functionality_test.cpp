// SPDX-License-Identifier: BSD-2-Clause
// What a node is linked with: functionalities and what they use themselves.
#include "intent/functionality.h"

#include <gtest/gtest.h>
#include <map>

namespace nfup::intent::test {
namespace {

class CodeClosure : public testing::Test {
protected:
	void add(const std::string& name, std::vector<std::string> uses)
	{
		known_[name] = {.name = name, .doc = "", .source = "", .uses = std::move(uses), .requires_ = {}};
		names_.push_back(name);
	}
	Result<std::vector<std::string>> closure(const std::vector<std::string>& uses)
	{
		const auto found = code_closure(
		    "class X", uses,
		    [&](const std::string& name) -> Result<const Functionality*> {
			    const auto at = known_.find(name);
			    return at == known_.end() ? nullptr : &at->second;
		    },
		    names_);
		if (!found)
			return std::unexpected(found.error());
		std::vector<std::string> names;
		for (const Functionality* part : *found)
			names.push_back(part->name);
		return names;
	}

	std::map<std::string, Functionality> known_;
	std::vector<std::string> names_;
};

using Names = std::vector<std::string>;

TEST_F(CodeClosure, nothing_used_is_nothing_linked)
{
	add("csum", {});
	EXPECT_EQ(*closure({}), Names{});
}

TEST_F(CodeClosure, users_come_before_what_they_use_and_each_once)
{
	add("sha256", {});
	add("hmac", {"sha256"});
	add("token", {"hmac", "sha256"});
	EXPECT_EQ(*closure({"sha256", "token", "hmac"}), (Names{"token", "hmac", "sha256"}));
	EXPECT_EQ(*closure({"token"}), (Names{"token", "hmac", "sha256"}));
}

TEST_F(CodeClosure, an_unknown_name_is_named_with_its_user_and_the_nearest)
{
	add("csum", {});
	add("l4_csum", {"csmu"});
	const auto direct = closure({"csums"});
	ASSERT_FALSE(direct);
	EXPECT_EQ(direct.error().kind, ErrorKind::intent);
	EXPECT_EQ(direct.error().message, "class X uses the functionality csums, which nobody has");
	EXPECT_EQ(direct.error().hint, "did you mean csum?");
	const auto below = closure({"l4_csum"});
	ASSERT_FALSE(below);
	EXPECT_EQ(below.error().message, "l4_csum uses the functionality csmu, which nobody has");
	EXPECT_EQ(closure({"zzzzzzzz"}).error().hint, "write it as lib/zzzzzzzz.bpf.c in a --lib folder");
}

TEST_F(CodeClosure, a_circle_is_shown)
{
	add("a", {"b"});
	add("b", {"c"});
	add("c", {"b"});
	const auto refused = closure({"a"});
	ASSERT_FALSE(refused);
	EXPECT_EQ(refused.error().message, "functionalities use one another in a circle: b -> c -> b");
	add("self", {"self"});
	EXPECT_EQ(closure({"self"}).error().message, "functionalities use one another in a circle: self -> self");
}

} // namespace
} // namespace nfup::intent::test
