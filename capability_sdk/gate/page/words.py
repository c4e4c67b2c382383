"""The page's words in both languages; a name that is not here is shown as it is."""

from typing import Final, Literal

Language = Literal["zh", "en"]

ZH: Final = {
    # Verdicts and headings.
    "passed": "通过",
    "failed": "未通过",
    "skipped": "未执行",
    "not_run": "本次未在此执行",
    "report": "发布门禁报告",
    "what_to_change": "需要修改的内容",
    "passport": "资源护照",
    "checks_passed": "项检查通过",
    "took": "用时",
    "limit": "限值",
    "at-most": "≤",
    "at-least": "≥",
    # Sections.
    "package": "能力包",
    "functional": "功能",
    "contract": "接口契约",
    "determinism": "确定性",
    "statelessness": "无状态",
    "resources": "资源",
    "memory-growth": "内存增长",
    "cold-start": "冷启动",
    "load": "负载",
    "integration": "集成",
    # Checks.
    "files": "文件",
    "content": "文件内容",
    "manifest": "清单",
    "samples": "样例",
    "reference": "参考画像",
    "model": "模型",
    "training": "训练记录",
    "portable": "可移植性",
    "sandbox": "沙箱",
    "residue": "残留文件",
    "time": "总时长",
    "proving-edge": "试运行环境",
    "proving-statelessness": "试运行副本无状态",
    "proving-cold-start": "试运行冷启动",
    # Figures and series.
    "requests": "请求数",
    "slowest_answer": "最慢应答",
    "calls": "调用次数",
    "growth_per_call": "每次调用增长",
    "files_left": "残留文件数",
    "start": "启动时间",
    "resident": "常驻内存",
    "peak": "内存峰值",
    "model_memory": "模型占用内存",
    "best_batch": "最佳批量",
    "node_score": "节点基准分",
    "latency_p50": "时延 p50",
    "latency_p99": "时延 p99",
    "throughput": "吞吐量",
    "error_rate": "错误率",
    "rate": "请求速率",
    "first_answer": "首次应答",
    "calls_made": "已发调用",
    "calls_counted": "已计量调用",
    "samples_changed": "变化的样例",
    "latency_p99_at_twice_the_rate": "两倍速率下时延 p99",
    "cpu_per_request": "单次请求 CPU",
    "cpu_per_request_of_1_rows": "单行请求 CPU",
    "cpu_per_request_of_16_rows": "十六行请求 CPU",
    "requests_per_core": "每核每秒请求预测",
    "rows": "行",
    "seconds": "秒",
    "1 thread": "1 线程",
    "2 threads": "2 线程",
}

EN: Final = {
    "not_run": "not run here",
    "report": "Publish gate report",
    "what_to_change": "What to change",
    "passport": "Passport",
    "checks_passed": "checks passed",
    "at-most": "≤",
    "at-least": "≥",
    "cpu_per_request": "CPU per request",
    "cpu_per_request_of_1_rows": "CPU per request of one row",
    "cpu_per_request_of_16_rows": "CPU per request of 16 rows",
    "requests_per_core": "requests per core and second (predicted)",
    "latency_p50": "latency p50",
    "latency_p99": "latency p99",
    "1 thread": "1 thread",
    "2 threads": "2 threads",
}


def word(name: str, language: Language) -> str:
    """Return a name in a language."""
    known = ZH if language == "zh" else EN
    plain = name.replace("_", " ").replace("-", " ")
    return known.get(name, plain)


def title_of(name: str, language: Language) -> str:
    """Return a name in a language as a heading."""
    text = word(name, language)
    return text[:1].upper() + text[1:]
