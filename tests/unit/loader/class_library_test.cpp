// SPDX-License-Identifier: BSD-2-Clause
// User folders: classes linked with functionalities of their own and of ours.
#include "loader/class_library.h"

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>

#include "loader/files.h"
#include "tests/unit/temp_folder.h"

namespace nfup::loader {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

class ClassLibraryTest : public testing::Test {
protected:
	void SetUp() override
	{
		ASSERT_TRUE(make_folders(folder_ / "lib"));
		write("lib/twice.h", "extern int twice(int x);\n");
		write("lib/twice.bpf.c", "#include \"functionality.h\"\n#include \"twice.h\"\n"
					 "NFUP_FUNCTIONALITY(twice, \"\", \"ip-header\", \"doubles\");\n"
					 "NFUP_FUNCTION int twice(int x) { return x * 2; }\n");
		write("lib/four.h", "extern int four(int x);\n");
		write("lib/four.bpf.c", "#include \"functionality.h\"\n#include \"four.h\"\n#include \"twice.h\"\n"
					"NFUP_FUNCTIONALITY(four, \"twice\", \"\", \"doubles twice\");\n"
					"NFUP_FUNCTION int four(int x) { return twice(twice(x)); }\n");
		write("Four.bpf.c",
		      "#include \"nfup.h\"\n#include \"lib/four.h\"\n"
		      "NFUP_OUTPUTS(\"out\");\nNFUP_USES(\"four\");\n"
		      "NFUP_MODULE(Four, \"marks\")\n{\n\tp->mark = four(p->mark);\n\treturn NEXT(0);\n}\n");
	}

	void write(const std::string& file, const std::string& text)
	{
		ASSERT_TRUE(write_file(folder_ / file, text, false));
	}
	Library library() { return Library({*find_bpf_folder(), {folder_}, folder_ / "cache"}); }

	const test::TempFolder temporary_;
	const fs::path& folder_ = temporary_.path;
};

TEST_F(ClassLibraryTest, links_what_is_used_and_nothing_else)
{
	auto classes = library();
	const auto four = classes.find("Four");
	ASSERT_TRUE(four) << four.error().message;
	EXPECT_EQ((*four)->uses, Names{"four"});
	EXPECT_EQ((*four)->code, (Names{"four", "twice"}));
	ASSERT_EQ((*four)->requires_.size(), 1u);
	EXPECT_EQ((*four)->requires_[0].name, "ip-header");
	EXPECT_EQ(classes.compiled(), (Names{"Four", "four", "twice"}));
}

TEST_F(ClassLibraryTest, a_changed_functionality_changes_its_users_and_compiles_only_itself)
{
	auto before = library();
	const auto old = before.get("Four");
	ASSERT_TRUE(old) << old.error().message;
	write("lib/twice.bpf.c", "#include \"functionality.h\"\n#include \"twice.h\"\n"
				 "NFUP_FUNCTIONALITY(twice, \"\", \"\", \"doubles\");\n"
				 "NFUP_FUNCTION int twice(int x) { return x + x + 1; }\n");
	auto after = library();
	const auto changed = after.get("Four");
	ASSERT_TRUE(changed) << changed.error().message;
	EXPECT_NE((*changed)->code, (*old)->code);
	EXPECT_EQ(after.compiled(), Names{"twice"});
	EXPECT_EQ(after.reused(), (Names{"Four", "four"}));
}

TEST_F(ClassLibraryTest, what_is_remembered_of_a_class_is_what_it_says_also_when_notes_are_damaged)
{
	write("Lengths.bpf.c",
	      "#include \"nfup.h\"\nNFUP_OUTPUTS(\"short, long?\");\n"
	      "NFUP_PARAM(__u16, LIMIT, \"size\", \"64\", \"1..2000\", \"bytes\");\n"
	      "NFUP_REQUIRES(\"ip-header\");\n"
	      "NFUP_MODULE(Lengths, \"by length\")\n{\n\treturn NEXT(p->l3_len < LIMIT ? 0 : 1);\n}\n");
	const auto seen = [&](const std::string& name, std::string& code) {
		auto classes = library();
		const auto cls = classes.get(name);
		EXPECT_TRUE(cls) << cls.error().message;
		if (!cls)
			return intent::ClassInfo();
		code = (*cls)->code + " " + (*cls)->object.key;
		return (*cls)->info;
	};
	for (const std::string name : {"Four", "Lengths", "ReadWL"}) {
		std::string code;
		const intent::ClassInfo first = seen(name, code);
		for (const bool damaged : {false, true}) {
			if (damaged)
				for (const auto& entry : fs::directory_iterator(folder_ / "cache"))
					if (entry.path().extension() == ".note") {
						auto text = *read_file(entry.path());
						text[text.size() / 2] = static_cast<char>(text[text.size() / 2] ^ 4);
						ASSERT_TRUE(write_file(entry.path(), text, false));
					}
			std::string code_again;
			const intent::ClassInfo again = seen(name, code_again);
			EXPECT_EQ(code_again, code);
			EXPECT_EQ(again.name, first.name);
			EXPECT_EQ(again.kind, first.kind);
			EXPECT_EQ(again.doc, first.doc);
			EXPECT_EQ(again.source, first.source);
			EXPECT_EQ(again.uses, first.uses);
			EXPECT_EQ(again.code, first.code);
			EXPECT_EQ(again.state, first.state);
			EXPECT_EQ(again.capacity, first.capacity);
			ASSERT_EQ(again.outputs.size(), first.outputs.size());
			for (std::size_t i = 0; i < first.outputs.size(); i++)
				EXPECT_EQ(again.outputs[i].optional, first.outputs[i].optional);
			ASSERT_EQ(again.params.size(), first.params.size());
			for (std::size_t i = 0; i < first.params.size(); i++) {
				EXPECT_EQ(again.params[i].fallback, first.params[i].fallback);
				EXPECT_EQ(again.params[i].range, first.params[i].range);
				EXPECT_EQ(again.params[i].size, first.params[i].size);
				EXPECT_EQ(again.params[i].keyword, first.params[i].keyword);
			}
			ASSERT_EQ(again.requires_.size(), first.requires_.size());
			for (std::size_t i = 0; i < first.requires_.size(); i++)
				EXPECT_EQ(again.requires_[i].out, first.requires_[i].out);
		}
	}
}

TEST_F(ClassLibraryTest, a_bundled_functionality_that_is_shadowed_is_named)
{
	write("lib/csum.bpf.c",
	      "#include \"functionality.h\"\n#include <lib/csum.h>\n"
	      "NFUP_FUNCTIONALITY(csum, \"\", \"\", \"none\");\n"
	      "NFUP_FUNCTION __s64 csum_bytes(struct xdp_md *ctx, __u32 offset, __u32 length, __u64 seed)"
	      " { return 0; }\n");
	EXPECT_EQ(library().shadowed(), Names{"csum"});
}

// Mistakes: each is refused with words that say which file and what.
TEST_F(ClassLibraryTest, mistakes_are_explained)
{
	const auto refusal = [&](const std::string& file, const std::string& text) {
		write(file, text);
		const auto found = library().find("Four");
		EXPECT_FALSE(found);
		return found ? std::string() : found.error().message;
	};
	const std::string head = "#include \"functionality.h\"\n#include \"twice.h\"\n";
	const std::string body = "NFUP_FUNCTION int twice(int x) { return x; }\n";
	EXPECT_NE(refusal("lib/twice.bpf.c", head + body).find("twice.bpf.c declares no functionality"),
		  std::string::npos);
	EXPECT_NE(refusal("lib/twice.bpf.c", head + "NFUP_FUNCTIONALITY(other, \"\", \"\", \"\");\n" + body)
		      .find("declares the functionality other"),
		  std::string::npos);
	EXPECT_NE(refusal("lib/twice.bpf.c", head + "NFUP_FUNCTIONALITY(twice, \"\", \"\", \"\");\nint count = 1;\n"
						    "NFUP_FUNCTION int twice(int x) { return x + count++; }\n")
		      .find("keeps state (.data)"),
		  std::string::npos);
	EXPECT_NE(refusal("lib/twice.bpf.c", head + "NFUP_FUNCTIONALITY(twice, \"four\", \"\", \"\");\n" + body)
		      .find("circle: four -> twice -> four"),
		  std::string::npos);
	EXPECT_NE(refusal("lib/twice.bpf.c", head + "NFUP_FUNCTIONALITY(twice, \"\", \"\", \"\");\n")
		      .find("calls twice(), which nothing that it is linked with defines"),
		  std::string::npos);
	fs::remove(folder_ / "lib/twice.bpf.c");
	EXPECT_EQ(library().find("Four").error().message, "four uses the functionality twice, which nobody has");
}

} // namespace
} // namespace nfup::loader
