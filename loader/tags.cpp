// SPDX-License-Identifier: BSD-2-Clause
#include "tags.h"

#include <sstream>

#include "bpf_object.h"

namespace nfup::loader {

namespace {

std::string trim(std::string text)
{
	const auto first = text.find_first_not_of(' ');
	if (first == std::string::npos)
		return {};
	return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

} // namespace

std::vector<Tag> read_tags(const btf* types)
{
	std::vector<Tag> tags;
	for (__u32 id = 1; id < btf__type_cnt(types); id++) {
		const btf_type* tag = btf__type_by_id(types, id);
		if (!btf_is_decl_tag(tag))
			continue;
		const std::string text = btf__name_by_offset(types, tag->name_off);
		const auto equals = text.find('=');
		if (text.starts_with("nfup.") && equals != std::string::npos)
			tags.push_back({text.substr(5, equals - 5), text.substr(equals + 1),
					btf__name_by_offset(types, btf__type_by_id(types, tag->type)->name_off)});
	}
	return tags;
}

std::vector<std::string> split_list(const std::string& text)
{
	std::vector<std::string> parts;
	std::stringstream stream(text);
	for (std::string part; std::getline(stream, part, ',');)
		parts.push_back(trim(part));
	return parts;
}

Result<std::vector<intent::Fact>> parse_facts(const std::string& text, const std::string& owner)
{
	std::vector<intent::Fact> facts;
	for (const std::string& word : split_list(text)) {
		const auto at = word.find('@');
		intent::Fact fact{word.substr(0, at), -1};
		if (at != std::string::npos) {
			if (at + 1 == word.size() || word.find_first_not_of("0123456789", at + 1) != std::string::npos)
				return fail(ErrorKind::intent, owner + ": bad fact '" + word + "'",
					    "write fact or fact@OUTPUT, as in ip-header@0");
			fact.out = std::stoi(word.substr(at + 1));
		}
		facts.push_back(fact);
	}
	return facts;
}

Result<Btf> read_btf(const std::filesystem::path& object)
{
	keep_libbpf_log();
	Btf types(btf__parse_elf(object.c_str(), nullptr));
	take_libbpf_log();
	if (!types)
		return fail(ErrorKind::intent, object.string() + " describes nothing: it has no BTF",
			    "declare a class (NFUP_MODULE, NFUP_ATOM) or a functionality (NFUP_FUNCTIONALITY)");
	return types;
}

} // namespace nfup::loader
