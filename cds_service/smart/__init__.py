"""The SMART app (SMART App Launch 2): from a card's link to the reasons for the patient at hand.

Pure: what is asked of the authorization server, what its answers mean, and what a session holds. ``web_smart`` serves
it; ``ehr`` goes to the network.
"""
