"""Licence notices: the sentence by which an exchange forbids others to publish what it says.

>>> forbids_publication("未经本所书面同意,任何机构和个人不得以任何形式发布或传播全国碳市场交易行情。")
True
>>> forbids_publication("竞买人不得串通报价。")
False
"""

import re
from typing import Final

_NOTICE: Final = re.compile(
    r"(?:未经|未获|未取得)[^。\n]{0,40}(?:同意|许可|授权|允许|批准)[^。\n]{0,60}(?:不得|禁止|严禁)[^。\n]{0,40}"
    r"(?:发布|转载|传播|使用|复制|引用|披露|转发)"
)
HINT: Final = "未"
"""A character without which there is no notice, for readers that would rather not search every line."""


def forbids_publication(text: str) -> bool:
    """Tell whether a text says that it may not be passed on without consent."""
    return _NOTICE.search(text) is not None
