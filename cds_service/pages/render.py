def whole(*, root: str, notice: str) -> str:
    return ""
