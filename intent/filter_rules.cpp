// SPDX-License-Identifier: BSD-2-Clause
#include "filter_rules.h"

#include <algorithm>
#include <utility>

#include "bpf/lib/filter.h"
#include "config.h"
#include "filter_parse.h"
#include "numbers.h"
#include "suggest.h"

namespace nfup::intent {

namespace {

std::unexpected<FilterMistake> wrong(std::string message, std::string hint = {}, std::size_t rule = 0)
{
	return std::unexpected(FilterMistake{std::move(message), std::move(hint), rule});
}

std::expected<unsigned, FilterMistake> action_of(const std::string& word)
{
	if (word == "allow" || word == "accept" || word == "pass")
		return 0u;
	if (word == "deny" || word == "drop")
		return unsigned{FILTER_DENY};
	const auto number = read_integer(word);
	if (!number) {
		std::string hint = did_you_mean(word, {"allow", "accept", "pass", "deny", "drop"});
		return wrong("`" + word + "` is no action",
			     hint.empty()
				 ? "a rule is ACTION EXPRESSION; actions are allow, deny or the number of an output"
				 : std::move(hint));
	}
	if (*number < 0 || *number >= FILTER_MAX_OUTPUTS)
		return wrong("there is no output " + word,
			     "outputs are numbered 0 to " + std::to_string(FILTER_MAX_OUTPUTS - 1));
	return static_cast<unsigned>(*number);
}

} // namespace

std::string rule_name(std::size_t index, const std::string& text)
{
	constexpr std::size_t longest = 60;
	return "rule " + std::to_string(index + 1) + " (`" +
	       (text.size() > longest ? text.substr(0, longest) + "…" : text) + "`)";
}

std::expected<FilterRules, FilterMistake> read_rules(FilterForm form, const std::vector<std::string>& texts)
{
	FilterRules out;

	if (texts.empty())
		return wrong("it needs at least one rule",
			     form == FilterForm::filter ? "as in `allow tcp dst port 80`" : "as in `tcp dst port 80`");
	if (form == FilterForm::classifier && texts.size() > FILTER_MAX_OUTPUTS)
		return wrong(std::to_string(texts.size()) + " expressions, one an output; there can be " +
			     std::to_string(FILTER_MAX_OUTPUTS));
	for (std::size_t i = 0; i < texts.size(); ++i) {
		FilterRule rule;
		rule.text = unquote(texts[i]);
		rule.action = static_cast<unsigned>(i);
		std::size_t start = 0;
		if (form == FilterForm::filter) {
			const std::size_t end = std::min(rule.text.find_first_of(" \t\n("), rule.text.size());
			const std::string word = rule.text.substr(0, end);
			const auto action = action_of(word);
			if (!action)
				return wrong(rule_name(i, rule.text) + ": " + action.error().message,
					     action.error().hint, i);
			rule.action = *action;
			start = end;
			if (rule.text.find_first_not_of(" \t\n", start) == std::string::npos)
				return wrong(rule_name(i, rule.text) + ": no expression behind the action",
					     "`" + word + " all` is for every packet", i);
		}
		auto expr = parse_filter(std::string_view(rule.text).substr(start));
		if (!expr)
			return wrong(rule_name(i, rule.text) + ", character " +
					 std::to_string(start + expr.error().at + 1) + ": " + expr.error().message,
				     expr.error().hint, i);
		rule.expr = *std::move(expr);
		if (rule.action < FILTER_MAX_OUTPUTS)
			out.outputs = std::max(out.outputs, rule.action + 1);
		out.rules.push_back(std::move(rule));
	}
	return out;
}

} // namespace nfup::intent
