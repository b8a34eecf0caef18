"""What no well-behaved client sends, thousands of times: from the API's own description, and byte by byte."""
