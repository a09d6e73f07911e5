// SPDX-License-Identifier: BSD-2-Clause
#include "suggest.h"

#include <algorithm>
#include <cctype>
#include <tuple>
#include <utility>

namespace nfup::intent {

namespace {

std::string lower(std::string_view text)
{
	std::string out(text);
	for (char& c : out)
		c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
	return out;
}

// Edit distance that counts a swap of neighbours as one step.
std::size_t distance(const std::string& a, const std::string& b)
{
	std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);

	for (std::size_t j = 0; j <= b.size(); ++j)
		last[j] = j;
	for (std::size_t i = 1; i <= a.size(); ++i) {
		row[0] = i;
		for (std::size_t j = 1; j <= b.size(); ++j) {
			row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = std::min(row[j], before[j - 2] + 1);
		}
		before.swap(last);
		last.swap(row);
	}
	return last[b.size()];
}

} // namespace

std::vector<std::string> nearest(std::string_view word, const std::vector<std::string>& names)
{
	constexpr std::size_t longest = 64; // no name is; keeps hostile input cheap
	if (word.empty() || word.size() > longest)
		return {};

	const std::string wanted = lower(word);
	const std::size_t limit = std::max<std::size_t>(1, word.size() / 3);
	std::vector<std::tuple<std::size_t, std::size_t, std::string>> found; // rank, steps, name

	for (const std::string& name : names) {
		if (name.size() > longest)
			continue;
		const std::string candidate = lower(name);
		const std::size_t steps = distance(wanted, candidate);
		// A name that contains the word, or the other way round, is near too.
		const bool part =
		    std::min(wanted.size(), candidate.size()) >= 4 &&
		    (candidate.find(wanted) != std::string::npos || wanted.find(candidate) != std::string::npos);
		if (steps <= limit || part)
			found.emplace_back(std::min(steps, limit), steps, name);
	}
	std::sort(found.begin(), found.end());
	std::vector<std::string> out;
	for (auto& [rank, steps, name] : found)
		if (out.size() < 3 && (out.empty() || out.back() != name))
			out.push_back(std::move(name));
	return out;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& names)
{
	const std::vector<std::string> near = nearest(word, names);
	if (near.empty())
		return {};

	std::string out = "did you mean ";
	for (std::size_t i = 0; i < near.size(); ++i)
		out += (i == 0 ? "" : i + 1 == near.size() ? " or " : ", ") + near[i];
	return out + "?";
}

} // namespace nfup::intent
