"""The companion package of The Road to BERT, an executable history of pretraining.

One module a chapter holds that chapter's models; the modules beside them read
data, run experiments, draw figures and show code. Importing any of them never
seeds, prints or downloads.
"""
