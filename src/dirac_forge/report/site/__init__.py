"""The status site: static pages, made from data files that others can read too.

`inputs` is what a run found out, `documents` the data files, `pages` what each page says, `rendering` its HTML,
`writing` the folder.
"""
