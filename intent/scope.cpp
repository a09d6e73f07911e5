// SPDX-License-Identifier: BSD-2-Clause
#include "scope.h"

#include <limits>

namespace nfup::intent {

const ClassBinding* Scope::find_class(const std::string& name) const
{
	int before = std::numeric_limits<int>::max();

	for (const Scope* scope = this; scope; scope = scope->parent) {
		if (const auto found = scope->classes.find(name); found != scope->classes.end())
			for (auto i = found->second.rbegin(); i != found->second.rend(); ++i)
				if ((*i)->sequence < before)
					return *i;
		before = scope->parent_sequence;
	}
	return nullptr;
}

std::string Scope::anonymous_name(const std::string& cls)
{
	int& number = anonymous[cls];

	for (;;) {
		++number;
		std::string name = cls;
		if (number > 1 || cls.empty())
			name += "@" + std::to_string(number);
		if (!declared.contains(name))
			return name;
	}
}

} // namespace nfup::intent
