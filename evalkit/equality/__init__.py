"""Whether it became fairer: indicators of workforce equality with their intervals, from people or from counts."""
