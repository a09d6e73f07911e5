// SPDX-License-Identifier: BSD-2-Clause
#include "functionality.h"

#include <algorithm>
#include <set>

#include "suggest.h"

namespace nfup::intent {

namespace {

class Closure {
public:
	Closure(const FindFunctionality& find, const std::vector<std::string>& names) : find_(find), names_(names) {}

	Result<void> visit(const std::string& user, const std::vector<std::string>& uses)
	{
		path_.push_back(user);
		for (const std::string& name : uses)
			if (auto taken = take(name); !taken)
				return taken;
		path_.pop_back();
		return {};
	}

	// Each was noted after all that it uses: reversed, users come first.
	std::vector<const Functionality*> take_all()
	{
		std::reverse(found_.begin(), found_.end());
		return std::move(found_);
	}

private:
	Result<void> take(const std::string& name)
	{
		if (const auto at = std::find(path_.begin() + 1, path_.end(), name); at != path_.end()) {
			std::string circle;
			for (auto it = at; it != path_.end(); ++it)
				circle += *it + " -> ";
			return fail(ErrorKind::intent, "functionalities use one another in a circle: " + circle + name,
				    "move what both need into a functionality of its own");
		}
		if (!done_.insert(name).second)
			return {};
		auto found = find_(name);
		if (!found)
			return pass(found);
		if (!*found) {
			const std::string guess = did_you_mean(name, names_);
			return fail(ErrorKind::intent,
				    path_.back() + " uses the functionality " + name + ", which nobody has",
				    guess.empty() ? "write it as lib/" + name + ".bpf.c in a --lib folder" : guess);
		}
		if (auto below = visit(name, (*found)->uses); !below)
			return below;
		found_.push_back(*found);
		return {};
	}

	const FindFunctionality& find_;
	const std::vector<std::string>& names_;
	std::vector<std::string> path_;
	std::set<std::string> done_;
	std::vector<const Functionality*> found_;
};

} // namespace

Result<std::vector<const Functionality*>> code_closure(const std::string& user, const std::vector<std::string>& uses,
						       const FindFunctionality& find,
						       const std::vector<std::string>& names)
{
	Closure closure(find, names);
	if (auto visited = closure.visit(user, uses); !visited)
		return pass(visited);
	return closure.take_all();
}

} // namespace nfup::intent
