"""web - puts the playground's page together, and serves it.

  __main__.py   ./ksm web
  assemble.py   the page's directory, from web, what npm installs, the kernel and the disk
  pages.mjs     the contract and the programs' sources as pages
  serve.py      the server
"""
