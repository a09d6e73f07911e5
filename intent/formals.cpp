// SPDX-License-Identifier: BSD-2-Clause
#include "formals.h"

#include <algorithm>
#include <utility>

#include "config.h"

namespace nfup::intent {

bool bind_formals(const std::vector<click::Formal>& formals, const std::vector<std::string>& args,
		  std::map<std::string, Definition>& out, std::string& why)
{
	std::vector<std::string> rest;
	bool takes_rest = false;
	std::size_t positional = 0, next = 0;

	while (positional < formals.size() && formals[positional].keyword.empty())
		++positional;
	for (const auto& formal : formals)
		takes_rest |= formal.keyword == "__REST__";

	for (; next < args.size() && next < positional; ++next)
		out.insert_or_assign(formals[next].variable, Definition{args[next], true});
	if (next < positional) {
		why = "it takes " + std::to_string(positional) + " positional argument" + (positional == 1 ? "" : "s") +
		      " and got " + std::to_string(args.size());
		return false;
	}
	for (; next < args.size(); ++next) {
		const std::string& arg = args[next];
		const std::size_t word = std::min(arg.find(' '), arg.size());
		const auto formal = std::find_if(formals.begin(), formals.end(), [&](const auto& f) {
			return !f.keyword.empty() && f.keyword != "__REST__" && f.keyword == arg.substr(0, word);
		});
		if (formal != formals.end())
			out.insert_or_assign(formal->variable,
					     Definition{word < arg.size() ? arg.substr(word + 1) : "", true});
		else if (takes_rest)
			rest.push_back(arg);
		else {
			why = "it has no place for the argument `" + arg + "`";
			return false;
		}
	}
	for (const auto& formal : formals) {
		if (formal.keyword == "__REST__") {
			out.insert_or_assign(formal.variable, Definition{join_args(rest), true});
		} else if (!out.contains(formal.variable)) {
			why = "its parameter `" + formal.keyword + "` is missing";
			return false;
		}
	}
	return true;
}

} // namespace nfup::intent
