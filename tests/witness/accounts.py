"""Prints the traders of the witnesses' simulator: one for every case, and a few with a peculiarity.

usage: accounts.py POSTBACK_URL
An account's app key is its id in lower case, its secret the key with `-secret`.
"""

import json
import sys

# More than any suite has cases, so that no case meets another's orders, positions or limits.
TRADERS = 280
HOLDINGS = [("NSE:RELIANCE", 25, 1_384.50), ("NSE:HDFCBANK", 40, 912.15), ("NSE:ITC", 200, 412.35),
            ("NSE:TCS", 12, 3_305.80), ("NSE:TATASTEEL", 300, 148.70)]


def account(user, **peculiarity):
    key = user.lower()
    holdings = [dict(symbol=symbol, quantity=quantity, averagePrice=price) for symbol, quantity, price in HOLDINGS]
    return dict(userId=user, userName=f"Witness {user}", apiKey=key, apiSecret=f"{key}-secret", holdings=holdings,
                **peculiarity)


plain = [account(f"WT{number:04}") for number in range(1, TRADERS + 1)]
told = account("WTOLD1", postbackUrl=sys.argv[1])
far = account("WFAR01", allowedIps=["10.0.0.5"])
night = account("WNIGHT")  # buys on one day and holds on the next
careful = account("WPHYS1", dematConsent=False)
print(json.dumps([*plain, told, far, night, careful]))
