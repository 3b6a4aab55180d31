// Public list prices, USD per million tokens, as the providers' price pages gave them while the model was sold
// (for open models: what common hosts asked). A fallback for where the caller gives no table; dated facts, so a
// table of your own is better. Names in the form PlainModelName() makes.

#include "evaluate/prices.h"

namespace baton::evaluate {

const std::vector<ListPrice>& BuiltInPrices() {
  static const std::vector<ListPrice> kPrices = {
      // OpenAI
      {"gpt-3.5", 0.5, 1.5}, {"gpt-4", 30, 60}, {"gpt-4-1106", 10, 30}, {"gpt-4-0125", 10, 30},
      {"gpt-4-turbo", 10, 30}, {"gpt-4-turbo-1106", 10, 30}, {"gpt-4-1106-preview", 10, 30},
      {"gpt-4-0125-preview", 10, 30}, {"gpt-4-turbo-2024-04-09", 10, 30}, {"gpt-4o", 2.5, 10},
      {"gpt-4o-mini", 0.15, 0.6}, {"chatgpt-4o", 5, 15}, {"gpt-4o-2024-05-13", 5, 15},
      {"gpt-4o-2024-05-13-fc", 5, 15}, {"gpt-4-1106-preview-fc", 10, 30}, {"gpt-4-0125-preview-fc", 10, 30},
      {"gpt-4-turbo-2024-04-09-fc", 10, 30}, {"o1", 15, 60}, {"o1-mini", 1.1, 4.4}, {"o1-preview", 15, 60},
      {"o1-preview-2024-09-12", 15, 60}, {"o3", 2, 8}, {"o3-mini", 1.1, 4.4}, {"o4-mini", 1.1, 4.4},
      {"o3-pro", 20, 80}, {"gpt-4.5", 75, 150}, {"gpt-4.1", 2, 8}, {"gpt-5", 1.25, 10}, {"gpt-5-mini", 0.25, 2},
      {"gpt-5-nano", 0.05, 0.4}, {"gpt-5.1", 1.25, 10}, {"gpt-5.1-codex", 1.25, 10}, {"gpt-oss-120b", 0.15, 0.6},
      {"gpt-oss-20b", 0.05, 0.2},
      // Anthropic
      {"claude-instant-1.2", 0.8, 2.4}, {"claude-instant", 0.8, 2.4}, {"claude-instant-1", 0.8, 2.4},
      {"claude-v1", 8, 24}, {"claude", 8, 24}, {"claude-2", 8, 24}, {"claude-v2", 8, 24}, {"claude-2.1", 8, 24},
      {"claude-3-haiku", 0.25, 1.25}, {"claude-3-sonnet", 3, 15}, {"claude-3-opus", 15, 75},
      {"claude-3-5-sonnet", 3, 15}, {"claude-3-5-haiku", 0.8, 4}, {"claude-3-7-sonnet", 3, 15},
      {"claude-sonnet-4", 3, 15}, {"claude-opus-4", 15, 75}, {"claude-opus-4-1", 15, 75},
      {"claude-4.5-sonnet", 3, 15}, {"claude-4.5-opus", 5, 25}, {"claude-4.5-haiku", 1, 5},
      {"claude-sonnet-4-0", 3, 15}, {"haiku35", 0.8, 4}, {"sonnet", 3, 15},
      // Google
      {"gemini-pro", 0.5, 1.5}, {"gemini-1.0-pro", 0.5, 1.5}, {"gemini-1.5-pro", 1.25, 5},
      {"gemini-pro-1.5", 1.25, 5}, {"gemini-1.5-flash", 0.075, 0.3}, {"gemini-flash-1.5", 0.075, 0.3},
      {"gemini-pro-1.5-002", 1.25, 5}, {"gemini-flash-1.5-002", 0.075, 0.3}, {"gemini-2.0-flash", 0.1, 0.4},
      {"gemini-20-flash", 0.1, 0.4}, {"gemini-2.5-pro", 1.25, 10}, {"gemini-2-5-pro", 1.25, 10},
      {"gemini-2.5-flash", 0.3, 2.5}, {"gemini-3-pro", 2, 12}, {"gemini", 1.25, 5},
      // Mistral
      {"mistral-large", 2, 6}, {"mistral-large-2", 2, 6}, {"mistral-medium", 2.7, 8.1}, {"mistral-small", 1, 3},
      {"mistral-tiny", 0.25, 0.25}, {"open-mistral-nemo", 0.15, 0.15}, {"mistral-nemo", 0.15, 0.15},
      {"open-mixtral-8x22b", 2, 6}, {"open-mixtral-8x7b", 0.7, 0.7}, {"codestral", 0.3, 0.9},
      {"devstral", 0.4, 2}, {"devstral-small", 0.1, 0.3},
      // DeepSeek, Alibaba, Zhipu, Moonshot, MiniMax, xAI, others
      {"deepseek-v2", 0.14, 0.28}, {"deepseek-v2.5", 0.14, 0.28}, {"deepseek-coder", 0.14, 0.28},
      {"deepseek-v2-coder", 0.14, 0.28}, {"deepseek-coder-v2", 0.14, 0.28}, {"deepseek-chat", 0.27, 1.1},
      {"deepseek", 0.27, 1.1}, {"deepseek-fireworks-v3", 0.9, 0.9}, {"deepseek-v3.2-reasoner", 0.28, 0.42},
      {"r1", 0.55, 2.19}, {"r1-fireworks", 3, 8}, {"qwen-max", 1.6, 6.4}, {"qwq", 0.15, 0.6},
      {"qwen3-coder-480b-a35b", 0.45, 1.8}, {"qwen3-235b", 0.2, 0.6}, {"glm-4.5", 0.6, 2.2}, {"glm-4.6", 0.6, 2.2},
      {"glm-4-5", 0.6, 2.2}, {"kimi-k2", 0.6, 2.5}, {"minimax-m2", 0.3, 1.2}, {"minimax", 0.2, 1.1},
      {"grok-2", 2, 10}, {"grok2-12-12", 2, 10}, {"grok-3", 3, 15}, {"grok-3-mini", 0.3, 0.5}, {"grok-4", 3, 15},
      {"yi-large", 3, 3}, {"reka-core", 2, 6}, {"reka-flash", 0.2, 0.8}, {"command-r", 0.15, 0.6},
      {"command-r-plus", 2.5, 10}, {"nova-pro", 0.8, 3.2}, {"llama4-maverick", 0.27, 0.85},
      {"llama-4-maverick", 0.27, 0.85}, {"dbrx", 1.2, 1.2}, {"databricks-dbrx", 1.2, 1.2},
      {"snowflake-arctic", 0.9, 0.9}, {"phi-3-mini-4k", 0.1, 0.1}, {"phi-3.5-mini", 0.1, 0.1}, {"phi-4", 0.07, 0.14},
  };
  return kPrices;
}

}  // namespace baton::evaluate
