"""Everything that knows Streamlit: the frame, the state in the URL, and what pages share."""
