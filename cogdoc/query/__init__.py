"""Analyzes questions, and finds the pages and words that match them. Used by tasks and by every engine.

Read in this order:

1. `lexicon`: the words of each language as data; `terms`: words, and how well one matches another; `concepts`: what
   they mean in any language;
2. `typed_values`: dates, amounts, names in a text;
3. `question_parser`: a question of any language as terms, types of the answer and a query, by `question_pieces`,
   `question_clause`, `question_tree` and `answer_types`; `question` and `tree` are its results;
4. `segments`, `label_matching`: a page as rows of segments, compared with the question;
5. `document_places`, `page_features`, `page_ranking`: which pages of a long document to search;
6. `fitted_model`: weights that were fitted to data, as files.
"""
